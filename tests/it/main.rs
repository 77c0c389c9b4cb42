mod laws;
mod oracle;
mod world;
mod worlds;
