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
    refusal: Refusal,
}

impl Refused {
    /// Nobody that the server knows.
    pub(super) fn unauthorized(reason: &str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, refusal: Refusal::new(RefusalCode::Forbidden, reason) }
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
        Self { status, refusal }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            code: RefusalCode,
            reason: String,
        }

        let Self { status, refusal: Refusal { code, reason } } = self;
        metrics::counter!("tidewire_api_refusals_total", "code" => code.word()).increment(1);
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
