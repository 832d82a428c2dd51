using System.Net;
using System.Text.Json;

namespace EndToEnd.Tests.Behaviour;

/// <summary>A v2 stream of a directory, and a client that writes there, by turns a file and a hidden one: the stream is to hear of each file once, in order, and of nothing hidden.</summary>
internal sealed class PathStream : IAsyncDisposable
{
    // The load, not a wait for anything.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(40);

    private readonly V2Client _client;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _stop = new(), _close = new();
    private readonly List<(string Key, long Index)> _written = [], _heard = [];
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _directory;
    private Task _reading = Task.CompletedTask, _writing = Task.CompletedTask;
    private long _wanted = long.MaxValue;

    private PathStream(Uri server, string directory) => (_client, _directory) = (new V2Client(server), directory);

    /// <summary>Returns when the stream stands and the writer writes.</summary>
    public static async Task<PathStream> StartAsync(Uri server, string directory)
    {
        var stream = new PathStream(server, directory);
        var answer = await stream._http.GetAsync(new Uri(server, $"v2/keys/{directory}?wait=true&recursive=true&stream=true"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        stream._reading = stream.ReadAsync(answer);
        stream._writing = stream.WriteAsync();
        return stream;
    }

    /// <summary>Ends the writer, and fails unless the stream has come to have every file's write once and in order.</summary>
    /// <returns>How many they were.</returns>
    public async Task<int> CheckAsync(TimeSpan deadline)
    {
        await _stop.CancelAsync();
        await _writing;
        lock (_heard)
        {
            _wanted = _written[^1].Index;
            if (_heard is [.., var last] && last.Index >= _wanted)
                _all.TrySetResult();
        }
        await await Task.WhenAny(_all.Task, _reading).WaitAsync(deadline);
        lock (_heard)
            Assert.Equal(_written, _heard);
        return _written.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _close.CancelAsync();
        await Task.WhenAll(_writing, _reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // CheckAsync has told.
        _client.Dispose();
        _http.Dispose();
        _stop.Dispose();
        _close.Dispose();
    }

    private async Task WriteAsync()
    {
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            await _client.PutAsync($"v2/keys/{_directory}/_hidden", ("value", $"{n}"));
            var file = (await _client.PutAsync($"v2/keys/{_directory}/{n % 5}", ("value", $"{n}"))).Node;
            _written.Add((file.GetProperty("key").GetString()!, file.GetProperty("modifiedIndex").GetInt64()));
            await Task.Delay(s_pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (await lines.ReadLineAsync(_close.Token) is { } line)
            {
                using var change = JsonDocument.Parse(line);
                var node = change.RootElement.GetProperty("node");
                lock (_heard)
                {
                    _heard.Add((node.GetProperty("key").GetString()!, node.GetProperty("modifiedIndex").GetInt64()));
                    if (_heard[^1].Index >= _wanted)
                        _all.TrySetResult();
                }
            }
        }
        throw new InvalidOperationException("the stream ended");
    }
}
