//! The free course: from an idea to a cut that holds.

use crate::boot::seed::{
    courses::model::{Course, Lesson, Section},
    films,
};

pub const STORY: Course = Course {
    name: "Telling a story in pictures",
    description: "How a short film is found, drawn and cut, with a pencil before any software. Eight lessons about \
        wanting, watching and leaving things out, each with an open film that you can stop and study frame by frame.",
    sections: &[
        Section {
            name: "Finding the story",
            status: "public",
            lessons: &[
                Lesson {
                    name: "What a film is about",
                    status: "preview",
                    film: films::SINTEL,
                    notes: "Ask someone what a film is about and they will tell you what happens in it. That is the \
                        plot. What it is about is the question the plot keeps putting to its hero, and it usually \
                        fits in one short sentence with no names in it.\n\n\
                        Watch this film once for pleasure. Then write two sentences: first what happens, then what it \
                        asks. If the second one could belong to a hundred other films, it is still too vague. If it \
                        could belong to this one only, you have probably written plot again. The useful sentence is \
                        somewhere in between.\n\n\
                        This is not a school exercise that you leave behind once you are good. The sentence is what \
                        you will hold every later decision against: which shot may go, which colour is wrong, whether \
                        the ending is an ending. Pin it over your desk before you draw anything.\n\n\
                        Try it: do the same for the last three films you loved. Keep the sentences. You will see what \
                        you care about, and that is where your own stories are.",
                },
                Lesson {
                    name: "One want, one obstacle",
                    status: "preview",
                    film: films::CAMINANDES_LLAMIGOS,
                    notes: "A short film has no room for a character's whole life. It has room for one want, and for \
                        one thing in the way. Here the want is a berry and the obstacle is somebody else who is just \
                        as hungry. That is enough for a war and a friendship.\n\n\
                        Look at how early you know the want. Nobody explains it: you see eyes, then berry, then eyes. \
                        When a want can be photographed, you need no dialogue.\n\n\
                        Now watch the obstacle grow. Each attempt fails for a reason that comes out of the attempt \
                        before, and each costs a little more. When you outline your own film, write \"and so\" or \
                        \"but\" between the scenes. Where only \"and then\" fits, a scene is missing or one is too \
                        many.",
                },
                Lesson {
                    name: "The beginning you cannot cut",
                    status: "public",
                    film: films::BIG_BUCK_BUNNY,
                    notes: "First drafts begin too early. There is a morning, a walk, a title, and at last something \
                        changes. The change is your first scene; what came before it was you, warming up.\n\n\
                        A quiet opening can still be right, as it is here, when it builds the thing that will be \
                        broken. Ask of every opening shot: what would the audience not feel later if it were missing? \
                        If the answer is nothing, begin with the next one.",
                },
            ],
        },
        Section {
            name: "From page to board",
            status: "public",
            lessons: &[
                Lesson {
                    name: "Drawings nobody will frame",
                    status: "public",
                    film: films::AGENT_327,
                    notes: "A storyboard is not art for the wall. It is the cheapest film you can make, and its only \
                        virtue is that you can throw it away. Draw small, draw fast, with a pen you cannot erase. A \
                        panel should take less than two minutes; a panel you admire is one you will not want to lose.\n\n\
                        Stick figures are welcome as long as three things are clear: who is looking at what, what is \
                        near and what is far, and what has changed since the panel before.\n\n\
                        Then photograph the panels and cut them to length with your own voice for every part. This is \
                        called an animatic. It will be ugly, and it will tell you the truth about your timing months \
                        before anything else could.",
                },
                Lesson {
                    name: "Where the camera stands",
                    status: "public",
                    film: films::TEARS_OF_STEEL,
                    notes: "The camera is a person in the room. When it stands close, we are a friend; when it stands \
                        behind a doorframe, we are not supposed to be here. Before you choose a lens, decide who is \
                        watching.\n\n\
                        Stop the film at any close-up and ask how many shots it waited for it. Closeness is a \
                        currency. If you spend it on every line, you have none left for the one that matters.",
                },
                Lesson {
                    name: "Left, right and the line between",
                    status: "public",
                    film: films::CAMINANDES_GRAN_DILLAMA,
                    notes: "Draw a line through the two things that look at each other, here a llama and the grass \
                        beyond the fence. As long as the camera stays on one side of the line, left stays left, and \
                        the audience never wonders where it is.\n\n\
                        You may cross it. Move the camera across in view, cut to a shot on the line itself, or let a \
                        character turn. Or cross it on purpose, without a bridge, at the very moment the character \
                        loses the thread as well. What you cannot do is cross it by accident and hope.",
                },
            ],
        },
        Section {
            name: "The cut",
            status: "public",
            lessons: &[
                Lesson {
                    name: "Cutting on a thought",
                    status: "public",
                    film: films::SPRING,
                    notes: "Beginners cut when somebody has finished moving. Watch faces instead: a person decides, \
                        and only then the hand follows. Cut on the decision, and the audience feels that the next \
                        picture was their own idea.\n\n\
                        This film has hardly a word in it, so there is nothing else to lean on. Watch it without \
                        sound and tap the table at each cut. You will find that you can predict many of them, because \
                        you had the thought at the same moment.\n\n\
                        Back in your own edit, move each cut four frames earlier, then four later, and look at all \
                        three. Do not argue about it. Your body knows.",
                },
                Lesson {
                    name: "The courage to hold still",
                    status: "public",
                    film: films::COSMOS_LAUNDROMAT,
                    notes: "A shot that lasts longer than it has to makes the audience lean forward. It says: there \
                        is something here, look again. Use it rarely, and make sure there is something.\n\n\
                        A test that costs nothing: double the length of your most important shot and show it to \
                        someone who has not seen the film. If they look at you, it is too long. If they keep looking \
                        at the screen, it was too short before.",
                },
                Lesson {
                    name: "Showing it to strangers",
                    status: "private",
                    film: films::COFFEE_RUN,
                    notes: "In preparation: how to run a first screening, what to ask afterwards, and which answers \
                        to ignore.",
                },
            ],
        },
    ],
};
