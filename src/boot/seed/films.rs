//! The films that the demo lessons show: Blender's open films, which anyone may embed. The values are
//! `youtube_video_id`s.

pub const AGENT_327: &str = "mN0zPOpADL4";
pub const BIG_BUCK_BUNNY: &str = "aqz-KE-bpKQ";
pub const CAMINANDES_GRAN_DILLAMA: &str = "Z4C82eyhwgU";
pub const CAMINANDES_LLAMIGOS: &str = "SkVqJ1SGeL0";
pub const CHARGE: &str = "UXqq0ZvbOnk";
pub const COFFEE_RUN: &str = "PVGeM40dABA";
pub const COSMOS_LAUNDROMAT: &str = "Y-rmzh0PI3c";
pub const ELEPHANTS_DREAM: &str = "TLkA0RELQ1g";
pub const GLASS_HALF: &str = "lqiN98z6Dak";
pub const HERO: &str = "pKmSdY56VtY";
pub const SINTEL: &str = "eRsGyueVLvQ";
pub const SPRING: &str = "WhWc3b3KhnY";
pub const SPRITE_FRIGHT: &str = "_cMxraX_5RE";
pub const TEARS_OF_STEEL: &str = "R6MlUcmOul8";
pub const WING_IT: &str = "u9lj-c29dxI";
