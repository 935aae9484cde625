//! The demo school's products as data.

use uuid::Uuid;

use crate::boot::seed::ids::{Kind, id};

pub struct Product {
    pub slug: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub image_url: &'static str,
    pub price_in_dollars: i32,
    /// Indexes into [`crate::boot::seed::courses::COURSES`].
    pub courses: &'static [usize],
}

pub const STORY: usize = 0;
pub const LIGHT: usize = 1;
pub const SOUND: usize = 2;
pub const EVERYTHING: usize = 3;

/// In the order of the storefront.
pub const PRODUCTS: [Product; 4] = [
    Product {
        slug: "telling-a-story-in-pictures",
        name: "Telling a story in pictures",
        description: "Find your story, draw it badly, cut it well. The course to begin with, and it is free.",
        image_url: "/covers/story.svg",
        price_in_dollars: 0,
        courses: &[0],
    },
    Product {
        slug: "light-and-colour-in-blender",
        name: "Light and colour in Blender",
        description: "From a single lamp to a finished frame: learn to decide what may be seen.",
        image_url: "/covers/light.svg",
        price_in_dollars: 60,
        courses: &[1],
    },
    Product {
        slug: "sound-for-animated-film",
        name: "Sound for animated film",
        description: "Listen, record, invent and mix. Give a drawn world its weight, with the recorder you own.",
        image_url: "/covers/sound.svg",
        price_in_dollars: 45,
        courses: &[2],
    },
    Product {
        slug: "the-whole-school",
        name: "The whole school",
        description: "Story, light and sound together, for less than they cost one by one. Every lesson we add to \
            them is yours.",
        image_url: "/covers/school.svg",
        price_in_dollars: 90,
        courses: &[0, 1, 2],
    },
];

pub const fn product_id(product: usize) -> Uuid {
    id(Kind::Product, product + 1)
}
