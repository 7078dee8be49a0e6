use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tidewire_protocol::RefusalCode;

use crate::Refusal;

/// A refusal as an HTTP answer: `{"code": "forbidden", "reason": "…"}`.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    reason: String,
}

impl Refused {
    /// Nobody that the server knows.
    pub(super) fn unauthorized(reason: &str) -> Self {
        let code = RefusalCode::Forbidden.word();
        Self { status: StatusCode::UNAUTHORIZED, code, reason: reason.to_owned() }
    }

    /// The node is on its way out, and cannot begin anything else.
    pub(super) fn draining(reason: String) -> Self {
        Self { status: StatusCode::CONFLICT, code: "draining", reason }
    }

    pub(super) fn new(code: RefusalCode, reason: impl Into<String>) -> Self {
        Refusal::new(code, reason).into()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            RefusalCode::Forbidden => StatusCode::FORBIDDEN,
            RefusalCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalCode::TooFast | RefusalCode::TooManySubscriptions => StatusCode::TOO_MANY_REQUESTS,
            RefusalCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RefusalCode::TokenExpired | RefusalCode::TokenInvalid => StatusCode::UNAUTHORIZED,
            RefusalCode::NotSupported => StatusCode::NOT_IMPLEMENTED,
            RefusalCode::NotRetained => StatusCode::CONFLICT,
            RefusalCode::Malformed
            | RefusalCode::UnknownFrame
            | RefusalCode::BadChannel
            | RefusalCode::BadPayload
            | RefusalCode::BadSeq
            | RefusalCode::NotSubscribed
            | RefusalCode::Unknown(_) => StatusCode::BAD_REQUEST,
        };
        Self { status, code: refusal.code.word(), reason: refusal.reason }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            code: &'static str,
            reason: String,
        }

        let Self { status, code, reason } = self;
        metrics::counter!("tidewire_api_refusals_total", "code" => code).increment(1);
        let mut response = (status, Json(Body { code, reason })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
