//! Writing about the school: one form, sent whole.

#[cfg(test)]
mod tests;

use axum::{
    extract::{Request, State},
    response::Response,
};

use crate::{
    audit,
    back_office::guard,
    error::{Error, Result},
    id::UserId,
    paths,
    school::{SchoolForm, queries},
    server::{http::form_post::PostedForm, state::AppState},
};

/// `POST /admin/school`.
pub async fn save(State(state): State<AppState>, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let admin = guard::admin(&state, &request);
    let saved = async {
        let admin = admin.await?;
        Ok((paths::ADMIN_SCHOOL.to_owned(), write(&state, admin.id, &mut posted).await?))
    };
    let saved = saved.await;
    guard::answer(&state, request, posted, saved).await
}

async fn write(state: &AppState, admin: UserId, posted: &mut PostedForm) -> Result<&'static str> {
    let form = SchoolForm::parse(|field| posted.get(field))?;
    let mut tx = state.db.begin().await?;
    let before = queries::lock(&mut *tx).await?;
    if before.version != form.version {
        posted.set("version", before.version.to_string());
        return Err(Error::Conflict(
            "Another admin changed the school meanwhile. What you wrote is still here; saving it again replaces theirs.".into(),
        ));
    }
    let told = changes(&before, &form);
    if told.is_empty() {
        return Ok("Nothing changed.");
    }
    queries::update(&mut *tx, &form).await?;
    audit::service::record(&mut *tx, admin, "school.update", None, &format!("Changed the school: {}", told.join(", ")))
        .await?;
    tx.commit().await?;
    // The other servers are told by the database; this one's next page is right at once.
    state.school.read(&state.db).await?;
    Ok("Saved.")
}

/// What became different, each in a few words.
fn changes(before: &SchoolForm, after: &SchoolForm) -> Vec<String> {
    let fields = [
        ("name", &before.name, &after.name),
        ("sentence", &before.tagline, &after.tagline),
        ("seller", &before.seller_name, &after.seller_name),
        ("address", &before.seller_address, &after.seller_address),
    ];
    let quoted =
        |text: &String| if text.is_empty() { "nothing".into() } else { format!("“{}”", text.replace('\n', ", ")) };
    fields
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(what, before, after)| format!("{what} {} → {}", quoted(before), quoted(after)))
        .collect()
}
