//! What holds for every frame and both codecs.

mod round_trip;
