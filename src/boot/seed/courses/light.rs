//! The course that costs $60: lighting and colour, in Blender.

use crate::boot::seed::{
    courses::model::{Course, Lesson, Section},
    films,
};

pub const LIGHT: Course = Course {
    name: "Light and colour in Blender",
    description: "Lighting is deciding what may be seen. Nine lessons from a single lamp to a finished frame, in \
        Blender but not about its buttons: where light comes from, what shadow is for, and how few colours a scene \
        needs.",
    sections: &[
        Section {
            name: "Seeing first",
            status: "public",
            lessons: &[
                Lesson {
                    name: "Name the light",
                    status: "preview",
                    film: films::SPRING,
                    notes: "Before you place a lamp, say in words what the light is. \"Late sun through mist, from \
                        the left, weak.\" \"A screen in a dark room.\" If you cannot say it, you will end up moving \
                        lamps about until you are tired, and call that the look.\n\n\
                        Every light can be described by five things: where it comes from, how large it seems from \
                        where the subject stands, how strong it is against everything else, what colour it has, and \
                        what it passes through on the way. Size is the one people forget. The sun is enormous and far \
                        away, so it is a small light with hard shadows; a cloud in front of it makes the whole sky \
                        the lamp, and shadows dissolve.\n\n\
                        Stop this film at ten places and describe the light of each frame in those five terms. Write \
                        them down. By the tenth you will notice that one of the five carries the mood and the other \
                        four merely agree.\n\n\
                        Try it: do the same in the room where you are sitting, now and again at dusk.",
                },
                Lesson {
                    name: "One lamp, three questions",
                    status: "preview",
                    film: films::COFFEE_RUN,
                    notes: "Delete every light in your scene and turn the world to black. Add one area light. Until \
                        this one is right, you may not have another.\n\n\
                        First question: what does it leave in the dark? Second: where does its shadow fall, and does \
                        that line point at something? Third: would the picture still be read if it were the size of a \
                        stamp? Move the lamp, not its strength, until you can answer all three.\n\n\
                        Most frames that look overlit do not have too strong a light. They have a second one that was \
                        added because the first was in the wrong place.",
                },
                Lesson {
                    name: "Value before colour",
                    status: "public",
                    film: films::HERO,
                    notes: "Drawn films teach this best, because someone had to choose every tone by hand. Squint at \
                        a frame until the colour goes: what remains is a few shapes, light on dark or dark on light. \
                        If those shapes tell the story, any palette will work. If they do not, none will save it.\n\n\
                        In Blender, set the saturation of the view to zero in the compositor and light the scene that \
                        way for an hour. Turn colour back on only when you have stopped missing it.",
                },
            ],
        },
        Section {
            name: "Lighting a scene",
            status: "public",
            lessons: &[
                Lesson {
                    name: "A key light with a reason",
                    status: "public",
                    film: films::CHARGE,
                    notes: "The key is the light that the scene would name if you asked it: the window, the fire, the \
                        lamp on the desk. It need not be in the picture, but the audience should be able to point to \
                        where it is.\n\n\
                        Once you know the source, cheat. Move it half a metre to find the cheekbone, make it larger \
                        for a kinder face, give it a gobo so that the wall behind gets interesting. A motivated light \
                        may lie about everything except its direction.",
                },
                Lesson {
                    name: "Fill, and leaving it out",
                    status: "public",
                    film: films::SINTEL,
                    notes: "Fill light decides how much of the shadow we may know. A comedy tells us nearly \
                        everything. A story about loss keeps some of it back.\n\n\
                        Set the fill with the key switched off, as low as you dare, and then take it down once more. \
                        Judge it on a real screen in daylight, not in your dark room at night where every black looks \
                        full of detail.\n\n\
                        The cheapest good fill is no lamp at all: a pale wall near the subject, just out of frame. It \
                        takes the key's colour with it, so it always belongs.",
                },
                Lesson {
                    name: "Air you can see",
                    status: "public",
                    film: films::ELEPHANTS_DREAM,
                    notes: "Fog, dust and smoke do two jobs. They show the path of the light, and they separate near \
                        from far. Most scenes need the second one only, and for that a mist pass in the compositor \
                        costs nothing.\n\n\
                        When you do want beams, keep the density lower than you think and put something between the \
                        lamp and the air: a branch, a grille, a broken roof. A beam is not fog; it is the shadow next \
                        to it.\n\n\
                        Real volumes are slow and noisy. Render the volume as its own layer, at half size, and blur \
                        it a little. Nobody has ever counted the pixels of a fog.",
                },
            ],
        },
        Section {
            name: "Colour that means something",
            status: "public",
            lessons: &[
                Lesson {
                    name: "A palette of five",
                    status: "public",
                    film: films::GLASS_HALF,
                    notes: "Choose five colours for a whole film: two that fill most of the frame, two that support \
                        them, and one that you hardly ever use. The last one is for what matters. When it appears, \
                        nobody needs an arrow.\n\n\
                        Put the five in a small image, keep it open beside the viewport, and pick from it instead of \
                        from the wheel. A limit that you can see is one you will respect.",
                },
                Lesson {
                    name: "Warm faces, cold rooms",
                    status: "public",
                    film: films::COSMOS_LAUNDROMAT,
                    notes: "Contrast of temperature is stronger than contrast of hue. A face lit a little warmer than \
                        the room around it is found at once, even in a crowd, even when both are grey.\n\n\
                        A little is enough. Start with two lights at the same temperature and warm one by 500 K at a \
                        time, until you can see it; then go back one step. What the audience notices is an effect. \
                        What they only feel is light.",
                },
                Lesson {
                    name: "The last ten percent",
                    status: "public",
                    film: films::WING_IT,
                    notes: "A checklist for the day when you believe that you are done. Look at the frame mirrored. \
                        Look at it on a phone, at arm's length, outside. Look at the frame before the cut and the one \
                        after it, side by side: does the eye have to travel?\n\n\
                        Check the highlights with the false colour view; skin that clips cannot be repaired later. \
                        Check that the darkest thing in the picture is where you meant it.\n\n\
                        Then change one thing, the one that has bothered you for a week and that you hoped nobody \
                        would see. They would have seen it.",
                },
            ],
        },
        Section {
            name: "In the workshop: compositing",
            status: "private",
            lessons: &[
                Lesson {
                    name: "Few layers, named well",
                    status: "public",
                    film: films::TEARS_OF_STEEL,
                    notes: "In preparation: which passes are worth their disk space, and how to put live footage and \
                        a render under the same light.",
                },
                Lesson {
                    name: "Grain, glow and restraint",
                    status: "private",
                    film: films::SPRITE_FRIGHT,
                    notes: "In preparation.",
                },
            ],
        },
    ],
};
