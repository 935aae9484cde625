//! Allowed state transitions of attempts, refunds and disputes; also enforced by the trigger function `enforce_state_transition`.
//!
//! Of two states that events report in any order, the later one wins.

use crate::{
    payments::AttemptState,
    stripe::states::{DisputeState, RefundState},
};

/// A set of states with allowed transitions.
pub trait StateMachine: Copy + Eq + 'static {
    const ALL: &'static [Self];

    /// Whether this state may become `next`. No state may become itself.
    fn can_transition_to(self, next: Self) -> bool;

    /// Returns the states that may become this one.
    fn predecessors(self) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|state| state.can_transition_to(self)).collect()
    }
}

impl StateMachine for AttemptState {
    const ALL: &'static [Self] = &[Self::Open, Self::Paid, Self::Free, Self::Expired, Self::Failed];

    fn can_transition_to(self, next: Self) -> bool {
        match self {
            Self::Open => next != Self::Open,
            Self::Expired => matches!(next, Self::Failed | Self::Paid),
            Self::Failed => next == Self::Paid,
            Self::Paid | Self::Free => false,
        }
    }
}

impl StateMachine for RefundState {
    const ALL: &'static [Self] = &[Self::Pending, Self::Succeeded, Self::Failed, Self::Reversed];

    /// A refund may fail, a chargeback may be reversed: the constraint `refunds_chargeback_states` allows each only its own.
    fn can_transition_to(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Succeeded | Self::Failed),
            Self::Succeeded => matches!(next, Self::Failed | Self::Reversed),
            Self::Failed | Self::Reversed => false,
        }
    }
}

impl StateMachine for DisputeState {
    const ALL: &'static [Self] = &[Self::Open, Self::Won, Self::Lost];

    fn can_transition_to(self, next: Self) -> bool {
        matches!((self, next), (Self::Open, Self::Won | Self::Lost) | (Self::Lost, Self::Won))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::on_constraint, tests::fixtures};
    use rstest::rstest;
    use sqlx::{AssertSqlSafe, PgPool};

    #[rstest]
    fn every_pair_of_attempt_states(
        #[values(
            AttemptState::Open,
            AttemptState::Paid,
            AttemptState::Free,
            AttemptState::Expired,
            AttemptState::Failed
        )]
        from: AttemptState,
    ) {
        use AttemptState::{Expired, Failed, Free, Open, Paid};
        let allowed: &[AttemptState] = match from {
            Open => &[Paid, Free, Expired, Failed],
            Expired => &[Paid, Failed],
            Failed => &[Paid],
            Paid | Free => &[],
        };
        for &to in AttemptState::ALL {
            assert_eq!(from.can_transition_to(to), allowed.contains(&to), "{from:?} to {to:?}");
        }
    }

    #[rstest]
    #[case(RefundState::Pending, &[RefundState::Succeeded, RefundState::Failed])]
    #[case(RefundState::Succeeded, &[RefundState::Failed, RefundState::Reversed])]
    #[case(RefundState::Failed, &[])]
    #[case(RefundState::Reversed, &[])]
    fn every_pair_of_refund_states(#[case] from: RefundState, #[case] allowed: &[RefundState]) {
        for &to in RefundState::ALL {
            assert_eq!(from.can_transition_to(to), allowed.contains(&to), "{from:?} to {to:?}");
        }
    }

    #[rstest]
    #[case(DisputeState::Open, &[DisputeState::Won, DisputeState::Lost])]
    #[case(DisputeState::Lost, &[DisputeState::Won])]
    #[case(DisputeState::Won, &[])]
    fn every_pair_of_dispute_states(#[case] from: DisputeState, #[case] allowed: &[DisputeState]) {
        for &to in DisputeState::ALL {
            assert_eq!(from.can_transition_to(to), allowed.contains(&to), "{from:?} to {to:?}");
        }
    }

    #[test]
    fn the_later_of_two_states_wins_in_any_order() {
        fn apply<S: StateMachine>(from: S, reported: [S; 2]) -> S {
            reported.into_iter().fold(from, |state, next| if state.can_transition_to(next) { next } else { state })
        }
        fn check<S: StateMachine + std::fmt::Debug>(first: S, reported: &[S]) {
            for &a in reported {
                for &b in reported {
                    assert!(apply(first, [a, b]) == apply(first, [b, a]), "{a:?}, {b:?}");
                }
            }
        }
        // A chargeback is reversed by an event of its dispute, not of a refund.
        check(RefundState::Pending, &[RefundState::Pending, RefundState::Succeeded, RefundState::Failed]);
        check(DisputeState::Open, DisputeState::ALL);
    }

    /// Checks that the database allows the same pairs of states as the functions, for the rows of a table that a condition selects.
    async fn assert_same<S: StateMachine + std::fmt::Debug>(
        db: &PgPool,
        table: &str,
        rows: &str,
        kind: &str,
        states: &[S],
    ) {
        let name = |state: S| format!("{state:?}").to_lowercase();
        for &from in states {
            for &to in states {
                let mut tx = db.begin().await.unwrap();
                let set_closed = if table == "disputes" {
                    ", closed_at = case when $1 = 'open' then null else now() end"
                } else {
                    ""
                };
                for (set, state) in [(true, from), (false, to)] {
                    let switch = if set { "disable" } else { "enable" };
                    let sql = format!("alter table {table} {switch} trigger {table}_state_transitions");
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
                    let sql = format!("update {table} set state = $1::text::{kind}{set_closed} where {rows}");
                    let result = sqlx::query(AssertSqlSafe(sql)).bind(name(state)).execute(&mut *tx).await;
                    let allowed = set || from == to || from.can_transition_to(to);
                    assert_eq!(result.is_ok(), allowed, "{table}: {from:?} to {to:?}: {result:?}");
                    if let Err(error) = result {
                        assert!(on_constraint(&error, &format!("{table}_state_transitions")), "{error:?}");
                    }
                }
                tx.rollback().await.unwrap();
            }
        }
    }

    #[sqlx::test]
    async fn the_database_and_the_functions_allow_the_same_transitions(db: PgPool) {
        use RefundState::{Failed, Pending, Reversed, Succeeded};
        let student = fixtures::student(&db, "student").await;
        let product = fixtures::product(&db, "product", 60, &[]).await;
        fixtures::attempt(&db, student, product, 6000).await;
        let sale = fixtures::purchase(&db, student, product).await;
        sqlx::query!(
            "update purchases set subtotal_in_cents = 6000, price_paid_in_cents = 6000, stripe_session_id = 'cs_1'"
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!("insert into refunds (purchase_id, amount_in_cents) values ($1, 100)", sale.uuid())
            .execute(&db)
            .await
            .unwrap();
        sqlx::query!(
            "insert into disputes (purchase_id, stripe_dispute_id, amount_in_cents, status, opened_at)
             values ($1, 'du_1', 100, 'needs_response', now())",
            sale.uuid()
        )
        .execute(&db)
        .await
        .unwrap();
        sqlx::query!(
            "insert into refunds (purchase_id, amount_in_cents, origin, state, dispute_id)
             select purchase_id, amount_in_cents, 'dispute', 'succeeded', id from disputes"
        )
        .execute(&db)
        .await
        .unwrap();
        assert_same(&db, "checkout_attempts", "true", "attempt_state", AttemptState::ALL).await;
        assert_same(&db, "refunds", "origin = 'admin'", "refund_state", &[Pending, Succeeded, Failed]).await;
        assert_same(&db, "refunds", "origin = 'dispute'", "refund_state", &[Succeeded, Reversed]).await;
        assert_same(&db, "disputes", "true", "dispute_state", DisputeState::ALL).await;
        for (origin, state) in [("admin", "reversed"), ("dispute", "pending"), ("dispute", "failed")] {
            let mut tx = db.begin().await.unwrap();
            sqlx::query("alter table refunds disable trigger refunds_state_transitions")
                .execute(&mut *tx)
                .await
                .unwrap();
            let sql = "update refunds set state = $1::refund_state where origin = $2::refund_origin";
            let rejected = sqlx::query(sql).bind(state).bind(origin).execute(&mut *tx).await.unwrap_err();
            assert!(on_constraint(&rejected, "refunds_chargeback_states"), "{origin} {state}: {rejected:?}");
        }
    }
}
