pub mod agreement;
pub mod feed;
pub mod frame;
pub mod pipeline;
pub mod source;
pub mod value;
