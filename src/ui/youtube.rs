//! What YouTube's frame tells its page: messages in JSON, the ones its own script would listen to.

use leptos::{
    wasm_bindgen::JsValue,
    web_sys::{HtmlIFrameElement, MessageEvent},
};

/// Where the player comes from. The host without cookies.
pub const HOST: &str = "https://www.youtube-nocookie.com";

/// Asks the frame to tell us its state.
pub fn listen(frame: &HtmlIFrameElement) {
    if let Some(window) = frame.content_window() {
        let hello = JsValue::from_str(r#"{"event":"listening","id":1,"channel":"widget"}"#);
        // Not a secret, so it may go to a frame that is not there yet: that one is asked again when it has loaded.
        let _ = window.post_message(&hello, "*");
    }
}

/// Whether a message is the player's "ended": state 0, in either of the two shapes it comes in.
pub fn says_ended(event: &MessageEvent) -> bool {
    let from_player = event.origin() == HOST;
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
