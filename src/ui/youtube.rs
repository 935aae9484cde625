//! Messages of YouTube's player iframe, in the JSON that YouTube's own script exchanges with it.

use leptos::{
    wasm_bindgen::JsValue,
    web_sys::{HtmlIFrameElement, MessageEvent},
};

/// The origin of the player: YouTube's host that sets no cookies.
pub const PLAYER_ORIGIN: &str = "https://www.youtube-nocookie.com";

/// Asks the iframe to post its state changes to this page.
pub fn subscribe(frame: &HtmlIFrameElement) {
    if let Some(window) = frame.content_window() {
        let message = JsValue::from_str(r#"{"event":"listening","id":1,"channel":"widget"}"#);
        // The target origin is open because the message is no secret and the player may not be loaded yet; the caller repeats it
        // after the load event.
        let _ = window.post_message(&message, "*");
    }
}

/// Whether a message reports that the video ended: state 0, in either of its two formats.
pub fn is_ended_message(event: &MessageEvent) -> bool {
    let from_player = event.origin() == PLAYER_ORIGIN;
    from_player
        && event.data().as_string().and_then(|text| js_sys::JSON::parse(&text).ok()).is_some_and(|message| {
            let info = get(&message, "info");
            let state = match get(&message, "event").as_string().as_deref() {
                Some("onStateChange") => info,
                Some("infoDelivery") => get(&info, "playerState"),
                _ => JsValue::UNDEFINED,
            };
            state.as_f64() == Some(0.0)
        })
}

fn get(object: &JsValue, key: &str) -> JsValue {
    js_sys::Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
