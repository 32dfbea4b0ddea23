//! HTTP: a log's static files (C2SP tlog-tiles), and a witness (C2SP tlog-witness).
//!
//! Plain HTTP: everything served is signed or public. Where it leaves the machine, a proxy in front does TLS and limits.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tallystick_audit::tile::Tile;
use tallystick_audit::witness::REQUEST_BYTES_MAX;

/// Serves the files of the log in `folder` at `address` until the program is told to end. `ready` gets the address it has.
pub fn serve_log(folder: &Path, address: SocketAddr, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let routes = Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .with_state(Arc::new(folder.to_owned()));
    run(routes, address, ready)
}

/// What answers `add-checkpoint`: a status, and a body with its type.
pub type Answering = dyn Fn(&[u8]) -> (u16, &'static str, String) + Send + Sync;

/// Serves a witness: `POST /add-checkpoint`, and `GET /checkpoint` for what it cosigned last, from `folder`.
pub fn serve_witness(
    folder: &Path,
    answering: Box<Answering>,
    address: SocketAddr,
    ready: impl FnOnce(SocketAddr),
) -> Result<()> {
    let answering: Arc<Answering> = Arc::from(answering);
    let add = move |body: Bytes| async move {
        // It waits for the disk: not on the threads that serve others.
        match tokio::task::spawn_blocking(move || answering(&body)).await {
            Ok((status, kind, body)) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, [(header::CONTENT_TYPE, kind)], body).into_response()
            }
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    let routes = Router::new()
        .route("/add-checkpoint", post(add))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .route("/checkpoint", get(checkpoint))
        .with_state(Arc::new(folder.to_owned()));
    run(routes, address, ready)
}

fn run(routes: Router, address: SocketAddr, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await.with_context(|| format!("`--listen {address}`"))?;
        ready(listener.local_addr()?);
        axum::serve(listener, routes).with_graceful_shutdown(told_to_end()).await?;
        Ok(())
    })
}

async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
        }
        Err(_) => drop(interrupted.await),
    }
}

async fn checkpoint(State(folder): State<Arc<PathBuf>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    match tokio::fs::read(folder.join("checkpoint")).await {
        Ok(note) => (headers, note).into_response(),
        Err(error) => refused(&error),
    }
}

async fn tile(State(folder): State<Arc<PathBuf>>, UrlPath(path): UrlPath<String>) -> Response {
    // Only the path of a tile is looked up: nothing else in the folder can be asked for.
    let Ok(tile) = format!("tile/{path}").parse::<Tile>() else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    match tokio::fs::read(folder.join(tile.path())).await {
        Ok(bytes) => (headers, bytes).into_response(),
        Err(error) => refused(&error),
    }
}

fn refused(error: &std::io::Error) -> Response {
    let is_missing = error.kind() == ErrorKind::NotFound;
    let status = if is_missing { StatusCode::NOT_FOUND } else { StatusCode::INTERNAL_SERVER_ERROR };
    status.into_response()
}
