namespace EndToEnd.Tests.Containers;

/// <summary>A client of v2's API that puts one key again and again, each time where it finds its last value: a write that was lost, or made twice, is an error.</summary>
internal sealed class PathWriter : IAsyncDisposable
{
    // The load, not a wait for anything.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(40);

    private readonly CancellationTokenSource _stop = new();
    private readonly V2Client _client;
    private readonly string _path;
    private readonly Task _work;

    public PathWriter(Uri server, string path)
    {
        (_client, _path) = (new V2Client(server), "v2/keys/" + path);
        _work = WriteAsync();
    }

    /// <summary>How many writes were acknowledged.</summary>
    public int Written { get; private set; }

    /// <summary>Ends the writer; fails unless every write was acknowledged and the last one is there.</summary>
    public async Task CheckAsync()
    {
        await _stop.CancelAsync();
        await _work;
        Assert.Equal($"{Written - 1}", (await _client.GetAsync(_path)).Node.GetProperty("value").GetString());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // CheckAsync has told.
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        for (; !_stop.IsCancellationRequested; Written++)
        {
            var condition = Written == 0 ? ("prevExist", "false") : ("prevValue", $"{Written - 1}");
            var answer = await _client.PutAsync(_path, ("value", $"{Written}"), condition);
            Assert.True(answer.Body.TryGetProperty("node", out var node) && node.GetProperty("value").GetString() == $"{Written}", $"write {Written} was answered {answer.Body}");
            await Task.Delay(s_pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
