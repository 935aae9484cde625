//! Tests of the large demo school: its sizes, its totals, and that it is always the same.

use sqlx::PgPool;

use crate::boot::seed::scale::{scale, sizes::Sizes};

const SMALL: Sizes = Sizes {
    courses: 12,
    sections: 10,
    lessons: 40,
    products: 20,
    students: 400,
    purchases: 1200,
    completions: 1500,
    audit_lines: 200,
};

/// The single number that a query counts.
async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the query counts")
}

#[sqlx::test]
async fn a_scaled_school_has_the_requested_sizes(pool: PgPool) -> anyhow::Result<()> {
    scale(&pool, SMALL).await?;
    let table = [
        ("select count(*) from courses", 12),
        ("select count(*) from course_sections", 120),
        ("select count(*) from lessons", 480),
        ("select count(*) from products", 20),
        ("select count(*) from users where role = 'user'", 400),
        ("select count(*) from purchases", 1200),
        ("select count(*) from user_lesson_complete", 1500),
        ("select count(*) from audit_log", 200),
        ("select count(*) from local_credentials", 0),
        ("select count(*) from users where email = 'student000001@example.com'", 1),
        ("select sales_totals_are_consistent()::int::bigint", 1),
    ];
    for (sql, expected) in table {
        assert_eq!(count(&pool, sql).await, expected, "{sql}");
    }
    Ok(())
}

#[sqlx::test]
async fn the_totals_of_a_large_school_are_consistent(pool: PgPool) -> anyhow::Result<()> {
    scale(&pool, SMALL).await?;
    let wrong = [
        "select count(*) from purchases p left join checkout_attempts a on a.id = p.attempt_id
          where p.price_paid_in_cents > 0 and (a.state, a.amount_in_cents, a.stripe_session_id)
                is distinct from ('paid', p.price_paid_in_cents, p.stripe_session_id)",
        "select count(*) from purchases p
           left join (select purchase_id, sum(amount_in_cents) as back from refunds group by 1) r on r.purchase_id = p.id
          where (p.refunded_at is not null) <> (coalesce(r.back, 0) = p.price_paid_in_cents and p.price_paid_in_cents > 0)",
        "select count(*) from purchases p join users u on u.id = p.user_id
          where p.created_at < u.created_at or p.created_at > now() or p.refunded_at not between p.created_at and now()",
        "select count(*) from purchases a join purchases b on a.receipt_number = b.receipt_number - 1
          where a.created_at > b.created_at",
        "select count(*) from audit_log a join audit_log b on a.id = b.id - 1 where a.created_at > b.created_at",
    ];
    for sql in wrong {
        assert_eq!(count(&pool, sql).await, 0, "{sql}");
    }
    let some = [
        "select count(*) from purchases where price_paid_in_cents = 0",
        "select count(*) from purchases where discount_name is not null and price_paid_in_cents * 2 = subtotal_in_cents",
        "select count(*) from refunds r join purchases p on p.id = r.purchase_id where p.refunded_at is null",
        "select count(*) from course_gifts",
        "select count(*) from audit_log where action = 'refused'",
    ];
    for sql in some {
        assert!(count(&pool, sql).await > 0, "{sql}");
    }
    Ok(())
}

#[sqlx::test]
async fn a_scaled_school_is_inserted_once_and_is_always_the_same(pool: PgPool) -> anyhow::Result<()> {
    const SCHOOL: &str =
        "select md5(string_agg(p.id::text || p.user_id || p.product_id || p.price_paid_in_cents, ',' order by p.id))
                            from purchases p";
    scale(&pool, SMALL).await?;
    let once: String = sqlx::query_scalar(SCHOOL).fetch_one(&pool).await?;
    assert_eq!(once, "fa2bd44f2c63ba2a2bcbffe26a88ce99");
    scale(&pool, SMALL).await?;
    assert_eq!(count(&pool, "select count(*) from purchases").await, 1200);
    Ok(())
}

#[sqlx::test]
async fn counts_need_only_indexes(pool: PgPool) -> anyhow::Result<()> {
    scale(&pool, SMALL).await?;
    let unmapped = "select count(*) from pg_class
                     where relname in ('users', 'lessons', 'purchases', 'buyer_sales', 'user_course_access')
                       and relallvisible < relpages";
    assert_eq!(count(&pool, unmapped).await, 0);
    Ok(())
}
