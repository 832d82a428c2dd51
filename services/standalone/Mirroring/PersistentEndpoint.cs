using System.Net;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>A folder of a v2 key space that is asked until it answers. Thread-safe.</summary>
/// <param name="endpoint">Whom to ask; the caller's to dispose.</param>
/// <param name="time">For the pauses.</param>
/// <param name="errors">Hears of what is tried again.</param>
internal sealed class PersistentEndpoint(V2Endpoint endpoint, TimeProvider time, TextWriter errors)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1), s_longestPause = TimeSpan.FromSeconds(30), s_patience = TimeSpan.FromSeconds(30);

    /// <summary>One request, see <see cref="V2Endpoint.AskAsync"/>; again and again while there is no answer.</summary>
    /// <exception cref="V2RefusedException">The key space refuses.</exception>
    public Task<V2Answer> AskAsync(HttpMethod method, string request, IReadOnlyList<KeyValuePair<string, string>> form, CancellationToken cancellation) =>
        AskAsync(method, request, form, s_patience, cancellation);

    /// <param name="method">GET, PUT or DELETE.</param>
    /// <param name="request">Path below the folder, percent-encoded, and query.</param>
    /// <param name="form">Its body; empty: none.</param>
    /// <param name="patience">How long one answer may take.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<V2Answer> AskAsync(
        HttpMethod method, string request, IReadOnlyList<KeyValuePair<string, string>> form, TimeSpan patience, CancellationToken cancellation) =>
        PersistentlyAsync(() => endpoint.AskAsync(method, request, form, patience, cancellation), cancellation);

    /// <summary>A request that is none of keys, see <see cref="V2Endpoint.AskPlainAsync"/>; again and again while there is no answer.</summary>
    public Task<(HttpStatusCode Status, byte[] Body)> AskPlainAsync(HttpMethod method, string path, string json, CancellationToken cancellation) =>
        PersistentlyAsync(() => endpoint.AskPlainAsync(method, path, json, s_patience, cancellation), cancellation);

    private async Task<T> PersistentlyAsync<T>(Func<Task<T>> ask, CancellationToken cancellation)
    {
        for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (V2UnavailableException unavailable)
            {
                await errors.WriteLineAsync($"{endpoint.Service}: {unavailable.Message}; next attempt in {pause.TotalSeconds}s").ConfigureAwait(false);
                await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
            }
        }
    }
}
