namespace Conformance.V2;

/// <summary>A watch whose events come as lines of a body that is still open.</summary>
internal sealed class V2Watch(RawHttp answer, Action<string?> show, bool isEtcd) : IDisposable
{
    private string? _last;

    /// <summary>Waits for the next line; a long poll ends after its one event.</summary>
    /// <returns>The line as the server sent it; null at the end of the answer.</returns>
    public async Task<string?> Read()
    {
        var line = await answer.ReadLineAsync();
        if (IsEtcdsRepeat(line))
            line = await answer.ReadLineAsync();
        _last = line;
        show(line);
        return line;
    }

    public void Dispose() => answer.Dispose();

    // etcd tells a stream of the removal of the very node that it watches twice over: once as the node goes, once as the event is
    // handed out. Every event once is what is promised here (I6), so a repeat is passed over, but on etcd's side only.
    private bool IsEtcdsRepeat(string? line) =>
        isEtcd && line is not null && line == _last
        && (line.StartsWith("{\"action\":\"delete\"", StringComparison.Ordinal)
            || line.StartsWith("{\"action\":\"compareAndDelete\"", StringComparison.Ordinal)
            || line.StartsWith("{\"action\":\"expire\"", StringComparison.Ordinal));
}
