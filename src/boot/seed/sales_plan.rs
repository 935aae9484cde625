//! Plan of a year of sales. It uses no clock and no random numbers, so that every run plans the same. Times are minutes before now.

use crate::boot::seed::{
    calendar::{DAY, DEMO_STUDENT, DEMO_STUDENT_BOUGHT, STUDENTS, int, joined_minutes_ago, roll},
    courses::COURSES,
    products::{EVERYTHING, LIGHT, PRODUCTS, SOUND, STORY},
};

const DEMO_STUDENT_FINISHED: usize = 4;

pub struct Sale {
    pub student: usize,
    pub product: usize,
    pub minutes_ago: i32,
    pub discount: Option<Discount>,
    pub refund: Option<Refund>,
    /// Completed lessons in each course of the product, from the first one on.
    pub finished: Vec<usize>,
}

/// Purchasing power, as it was priced at the time.
#[derive(Clone, Copy)]
pub struct Discount {
    pub country: &'static str,
    pub name: &'static str,
    pub percent: i32,
}

#[derive(Clone, Copy)]
pub struct Refund {
    pub amount_in_cents: i32,
    pub minutes_ago: i32,
    pub reason: &'static str,
}

impl Sale {
    pub fn subtotal_in_cents(&self) -> i32 {
        PRODUCTS[self.product].price_in_dollars * 100
    }

    pub fn paid_in_cents(&self) -> i32 {
        let percent = self.discount.map_or(0, |discount| discount.percent);
        self.subtotal_in_cents() * (100 - percent) / 100
    }

    pub fn is_fully_refunded(&self) -> bool {
        self.refund.is_some_and(|refund| refund.amount_in_cents == self.paid_in_cents())
    }
}

/// The products a student buys, in order. Student 12 gets the first one refunded and later buys the bundle.
fn wishes(student: usize) -> &'static [usize] {
    match (student, student % 10) {
        (12, _) => &[LIGHT, EVERYTHING],
        (DEMO_STUDENT, _) | (_, 2) => &[LIGHT],
        (_, 1) => &[STORY, LIGHT],
        (_, 3) => &[EVERYTHING],
        (_, 4 | 9) => &[STORY, EVERYTHING],
        (_, 5) => &[SOUND],
        (_, 6) => &[LIGHT, SOUND],
        (_, 7) => &[STORY, SOUND],
        _ => &[STORY],
    }
}

fn discount(student: usize) -> Option<Discount> {
    let (country, name, percent) = match student {
        2 | 22 => ("IN", "Purchasing power (India)", 50),
        9 => ("BR", "Purchasing power (Brazil)", 40),
        25 => ("KE", "Purchasing power (Kenya)", 50),
        31 => ("PL", "Purchasing power (Poland)", 50),
        _ => return None,
    };
    Some(Discount { country, name, percent })
}

/// The refund of a student's purchase, in cents, and its reason. `None` is the full price.
fn refund(student: usize, product: usize) -> Option<(Option<i32>, &'static str)> {
    match (student, product) {
        (5 | 35, SOUND) | (26, LIGHT) => Some((None, "Asked for within two weeks")),
        (12, LIGHT) => Some((None, "Wanted the whole school instead")),
        (16, LIGHT) => Some((Some(2_000), "Said sorry for a section that came late")),
        (23, EVERYTHING) => Some((None, "Bought twice with two accounts")),
        _ => None,
    }
}

/// Every sale, the oldest first.
pub fn plan() -> Vec<Sale> {
    let mut sales: Vec<Sale> = (0..=STUDENTS).flat_map(sales_to).collect();
    sales.sort_by_key(|sale| std::cmp::Reverse((sale.minutes_ago, sale.student)));
    sales
}

fn sales_to(student: usize) -> Vec<Sale> {
    let first = if student == DEMO_STUDENT { DEMO_STUDENT_BOUGHT } else { joined_minutes_ago(student) - 9 };
    let sale = |(nth, &product): (usize, &usize)| {
        // The second wish comes between two and five weeks later, or half-way to now when that is still to come.
        let later = 14 * DAY + roll(student, 2, 21 * DAY);
        let minutes_ago = match nth {
            0 => first,
            _ if later < first => first - later,
            _ => first / 2,
        };
        let mut sale = Sale { student, product, minutes_ago, discount: None, refund: None, finished: Vec::new() };
        sale.discount = discount(student).filter(|_| sale.subtotal_in_cents() > 0);
        sale.refund = refund(student, product).map(|(cents, reason)| {
            let after = (2 * DAY + roll(student, 3, 7 * DAY)).min(minutes_ago / 2);
            let amount_in_cents = cents.unwrap_or_else(|| sale.paid_in_cents());
            Refund { amount_in_cents, minutes_ago: minutes_ago - after, reason }
        });
        sale.finished = PRODUCTS[product].courses.iter().map(|&course| finished(&sale, course)).collect();
        sale
    };
    wishes(student).iter().enumerate().map(sale).collect()
}

/// How many lessons the buyer completed in a course: some all, some none, those with a refund few.
fn finished(sale: &Sale, course: usize) -> usize {
    if sale.student == DEMO_STUDENT {
        return DEMO_STUDENT_FINISHED;
    }
    let lessons = COURSES[course].visible_lessons();
    let limit = if sale.is_fully_refunded() { 2 } else { lessons };
    let wanted = roll(sale.student, 4 + course, int(lessons + 3));
    usize::try_from(wanted).map_or(0, |wanted| wanted.min(limit))
}
