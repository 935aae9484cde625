//! The clock: read at the edge and passed in, so that logic can be asked about any moment.

use time::OffsetDateTime;

#[expect(clippy::disallowed_methods, reason = "this is the edge")]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
