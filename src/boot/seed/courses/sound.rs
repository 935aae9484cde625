//! The course that costs $45: recording, making and mixing sound.

use crate::boot::seed::{
    courses::model::{Course, Lesson, Section},
    films,
};

pub const SOUND: Course = Course {
    name: "Sound for animated film",
    description: "An animated world is silent until somebody gives it a voice. Eight lessons on listening, recording \
        with what you have, inventing what does not exist, and a mix that survives a telephone.",
    sections: &[
        Section {
            name: "Listening",
            status: "public",
            lessons: &[
                Lesson {
                    name: "Watch it with your eyes shut",
                    status: "preview",
                    film: films::ELEPHANTS_DREAM,
                    notes: "Start this film, close your eyes, and describe aloud what you hear: how large the place \
                        is, what it is made of, how many people are in it, whether they are safe. You will get most \
                        of it right, and nobody has shown you anything.\n\n\
                        Now open your eyes and watch the same minute without sound. The picture tells you what things \
                        are. The sound told you how heavy they are, how near, and what they would do to you. That is \
                        the division of labour, and it holds in every film: picture for fact, sound for weight.\n\n\
                        It follows that the two should not say the same thing. When a door is in the picture, we need \
                        not hear a door to know it is one. We need to hear whether it is the last one.\n\n\
                        Try it: keep a listening diary for a week. One place a day, three minutes, eyes shut, ten \
                        lines. It is the best training there is, and it costs nothing.",
                },
                Lesson {
                    name: "Three layers of a place",
                    status: "public",
                    film: films::BIG_BUCK_BUNNY,
                    notes: "Every place has a bed, a middle and details. The bed never stops and is never noticed: \
                        air, distant traffic, leaves. The middle comes and goes by itself, a bird, a pipe, a \
                        neighbour. The details are what the characters do.\n\n\
                        Build them in this order and at these levels: the bed so low that you only miss it when it is \
                        muted, the middle so rare that no sound comes twice in a scene, the details as loud as the \
                        story needs and no louder.",
                },
                Lesson {
                    name: "Recording a room",
                    status: "public",
                    film: films::COFFEE_RUN,
                    notes: "The recorder you own is good enough. What spoils recordings is rarely the microphone; it \
                        is the refrigerator, the hand that holds the device, and wind.\n\n\
                        Switch off what hums. Put the recorder down on a folded jumper. Set the level so that the \
                        loudest thing peaks around minus twelve decibels, and leave it there. Say where you are and \
                        what time it is, then be quiet for two full minutes, because the good part always begins when \
                        you have become bored.\n\n\
                        Keep the boring part as well. A minute of a room in which nothing happens is what you will \
                        need when two takes do not match.",
                },
            ],
        },
        Section {
            name: "Making what is not there",
            status: "public",
            lessons: &[
                Lesson {
                    name: "Feet, cloth, hands",
                    status: "public",
                    film: films::CAMINANDES_GRAN_DILLAMA,
                    notes: "Performing sounds to a picture is called foley, and it is acting. You do not record a \
                        footstep; you walk as somebody who is late, or proud, or does not want to be heard.\n\n\
                        Do a scene in three passes: feet, then cloth, then everything that hands touch. Use whole \
                        takes where you can, with their small mistakes. Cloth alone, a jacket rubbed near the \
                        microphone, will do more for a character's presence than any other sound, and no one will \
                        ever know that it was there.",
                },
                Lesson {
                    name: "A voice for something without one",
                    status: "public",
                    film: films::CAMINANDES_LLAMIGOS,
                    notes: "A creature's voice needs a body first. How long is the neck, how much air, does the mouth \
                        close? Then record a person who answers those questions with their own throat, badly and \
                        without shame. Animal recordings come last, as seasoning.\n\n\
                        Pitch makes size, but only together with time: a voice that is merely pitched down sounds \
                        like a slow tape. Perform it slower, lower and with longer breath, and use the machine for \
                        the last third of the way.",
                },
                Lesson {
                    name: "Silence is a sound",
                    status: "public",
                    film: films::SPRING,
                    notes: "You cannot make a loud moment louder for ever. You can take something away before it. \
                        Half a second in which the bed stops, too, is felt in the stomach.\n\n\
                        True digital silence sounds like a fault. Leave a little air, or the ringing of what has just \
                        ended, so that the audience knows that the film is holding its breath and not their \
                        loudspeaker.",
                },
            ],
        },
        Section {
            name: "The mix",
            status: "public",
            lessons: &[
                Lesson {
                    name: "Music comes last",
                    status: "public",
                    film: films::SINTEL,
                    notes: "If a scene does not work without music, music will only hide why. Mix dialogue and \
                        effects until the scene stands by itself. Then ask what music could say that nothing else in \
                        the scene says yet. Sometimes the honest answer is nothing.\n\n\
                        When it does come in, let it enter under another sound, so that nobody hears the door open. \
                        And let it leave earlier than is comfortable.\n\n\
                        Watch for the place where music, effects and voice all want the same instant. One of them has \
                        to wait. Two frames are often enough.",
                },
                Lesson {
                    name: "A mix for a small loudspeaker",
                    status: "public",
                    film: films::WING_IT,
                    notes: "Most people will hear your film through something smaller than a matchbox. It has no \
                        bass, so whatever must be understood cannot live there. Give every important low sound a \
                        companion higher up: a thud gets a crack, an engine gets a rattle.\n\n\
                        Mix at one moderate level that you do not touch. Then listen three times: on a phone on the \
                        table, on headphones in a street, and very quietly on good loudspeakers. If every word is \
                        understood in all three, you are done. Write down the loudness of the whole film, and make \
                        the next one match it.",
                },
            ],
        },
    ],
};
