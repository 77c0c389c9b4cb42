pub mod agreement;
pub mod feed;
pub mod frame;
pub mod generate;
pub mod pipeline;
pub mod value;
