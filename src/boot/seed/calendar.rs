//! When demo students joined, in minutes before now.

pub const DAY: i32 = 24 * 60;

/// The student who can sign in bought the light course and is in the middle of it.
pub const DEMO_STUDENT: usize = 0;

pub const DEMO_STUDENT_BOUGHT: i32 = 20 * DAY;

/// Few students at first, more of them lately.
pub fn joined_minutes_ago(student: usize) -> i32 {
    if student == DEMO_STUDENT {
        return DEMO_STUDENT_BOUGHT + 25;
    }
    let (year, everyone, later) = (352 * DAY, int(STUDENTS), int(STUDENTS + 1 - student));
    year / everyone * later / everyone * later + 600 + roll(student, 1, 2 * DAY)
}

/// The counts here are small.
pub fn int(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A number from 0 up to `below`, always the same one for the same student and purpose (`splitmix64`).
pub fn roll(student: usize, purpose: usize, below: i32) -> i32 {
    let mut x = ((student * 64 + purpose) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    i32::try_from((x ^ (x >> 31)) % u64::from(below.unsigned_abs().max(1))).unwrap_or_default()
}

/// The students without credentials are numbered from 1; number 0 is the one who can sign in.
pub const STUDENTS: usize = 40;
