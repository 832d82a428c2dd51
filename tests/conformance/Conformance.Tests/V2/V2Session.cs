using System.Text;
using System.Text.RegularExpressions;
using Conformance.Harness;
using Conformance.V3;

namespace Conformance.V2;

/// <summary>The v2 steps of a scenario: requests as curl would send them, with status, headers and body compared.</summary>
internal sealed partial class V2Session : IAsyncDisposable
{
    // Go's server sends a body of up to this size in one piece and says its length; beyond, it sends chunks.
    private const int AlwaysOnePieceBytes = 2000;

    // Belong to the connection or the clock, not to the answer.
    private static readonly HashSet<string> s_ignoredHeaders = ["date", "connection", "content-length", "transfer-encoding", "server"];
    private static readonly HashSet<string> s_numberHeaders = ["x-raft-index", "x-raft-term"];

    private readonly Target _target;
    private readonly Transcript _transcript;
    private readonly Normaliser _normaliser;
    private readonly V2Text _text;
    private readonly bool _isReleaseCompared;

    private V2Session(Target target, Transcript transcript, Normaliser normaliser, bool isReleaseCompared = false)
    {
        _isReleaseCompared = isReleaseCompared;
        (_target, _transcript, _normaliser) = (target, transcript, normaliser);
        _text = new V2Text(normaliser);
    }

    public static async Task<V2Session> OpenAsync(Target target, Transcript transcript) =>
        new(target, transcript, new Normaliser(target, "idx") { Origin = await V2Store.EmptyAsync(target) });

    /// <summary>For what a server answers over HTTP without the v2 store.</summary>
    public static Task<V2Session> OpenWithoutKeysAsync(Target target, Transcript transcript) =>
        Task.FromResult(new V2Session(target, transcript, new Normaliser(target, "idx"), isReleaseCompared: true));

    /// <summary>An absolute index <paramref name="distance"/> changes after the start.</summary>
    public long Idx(long distance) => _normaliser.Origin + distance;

    /// <summary>How many changes after the start the store stood at the last answer that told its index.</summary>
    public long Newest { get; private set; }

    public void Note(string text) => _transcript.Add("# " + text);

    public Task Get(string path) => Send("GET", "/v2/keys" + path);

    public Task Delete(string path) => Send("DELETE", "/v2/keys" + path);

    public Task Put(string path, string? form = null) => Send("PUT", "/v2/keys" + path, form);

    public Task Post(string path, string? form = null) => Send("POST", "/v2/keys" + path, form);

    /// <summary>One exchange; a form is sent as curl's <c>-d</c> does.</summary>
    public async Task Send(string method, string target, string? form = null, params (string Name, string Value)[] headers)
    {
        var body = form is null ? null : Encoding.UTF8.GetBytes(form);
        await SendBytes(method, target, body, form is null || headers.Any(h => h.Name == "Content-Type") ? headers : [V2Store.Form, .. headers]);
    }

    public async Task SendBytes(string method, string target, byte[]? body, params (string Name, string Value)[] headers)
    {
        NoteTtls(target, body);
        Show(method, target, body, headers);
        using var answer = await RawHttp.SendAsync(_target.ClientPort, method, target, headers, body);
        var text = await answer.ReadToEndAsync();
        ShowHead(answer, text);
        ShowBody(text, isSorted: target.Contains("sorted=true", StringComparison.Ordinal));
        if (method is not ("GET" or "HEAD") && target.StartsWith("/v2/members", StringComparison.Ordinal))
            await MemberChanges.SettleV2Async(_target);
    }

    /// <summary>Starts a watch and returns once the server sent the head of its answer: the watch has begun.</summary>
    public async Task<V2Watch> Watch(string path)
    {
        var target = "/v2/keys" + path;
        Show("GET", target, null, []);
        var answer = await RawHttp.SendAsync(_target.ClientPort, "GET", target, [], null);
        ShowHead(answer, "");
        return new V2Watch(answer, ShowEvent, isEtcd: _target.IsEtcd);
    }

    /// <summary>
    /// What the server counted while the steps ran. Failed reads are left out: etcd counts its own of each request among them, whether users are switched on.
    /// </summary>
    public async Task Counted(string what, Func<Task> steps)
    {
        var before = await CountsAsync();
        await steps();
        var after = await CountsAsync();
        Note($"{what}: {string.Join(' ', after.Where(count => count.Key != "getsFail" && count.Value != before[count.Key]).Select(count => $"{count.Key}{count.Value - before[count.Key]:+0;-0}"))}");
    }

    private async Task<Dictionary<string, long>> CountsAsync()
    {
        using var answer = await RawHttp.SendAsync(_target.ClientPort, "GET", "/v2/stats/store", [], null);
        using var counts = System.Text.Json.JsonDocument.Parse(await answer.ReadToEndAsync());
        return counts.RootElement.EnumerateObject().ToDictionary(count => count.Name, count => count.Value.GetInt64());
    }

    /// <summary>Many writes whose answers nobody looks at.</summary>
    public async Task WriteManyAsync(int count, string path)
    {
        Note($"{count} writes to {path}");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, _) => await V2Store.WriteAsync(_target, "PUT", "/v2/keys" + path, $"value={i}"));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void NoteTtls(string target, byte[]? body)
    {
        foreach (Match match in AskedTtl().Matches(target + "&" + (body is { Length: < 1000 } ? Encoding.UTF8.GetString(body) : "")))
            _text.ExpectTtl(long.Parse(match.Groups[1].ValueSpan));
    }

    private void Show(string method, string target, byte[]? body, (string Name, string Value)[] headers)
    {
        var sent = body is null ? "" : body.Length > 200 ? $" <{body.Length} bytes>" : " " + _text.Target(Encoding.UTF8.GetString(body));
        var extra = string.Concat(headers.Where(h => h != V2Store.Form).Select(h => $" [{h.Name}: {h.Value}]"));
        _transcript.Add($"> {method} {_normaliser.Hidden(_text.Target(target))}{extra}{sent}");
    }

    private void ShowHead(RawHttp answer, string body)
    {
        if (long.TryParse(answer.Header("x-etcd-index"), out var index))
            Newest = index - _normaliser.Origin;
        _transcript.Add("  " + answer.StatusLine);
        foreach (var (name, value) in answer.Headers.Where(h => !s_ignoredHeaders.Contains(h.Name)).OrderBy(h => h.Name, StringComparer.Ordinal))
            _transcript.Add($"  {name}: {HeaderValue(name, value)}");
        if (body.Length <= AlwaysOnePieceBytes)
            _transcript.Add(Framing(answer, body));
    }

    private static string Framing(RawHttp answer, string body) =>
        answer.IsChunked ? "  (chunked)"
        : answer.Header("content-length") is null && !IsGosBareRefusal(answer, body) ? "  (neither length nor chunks)"
        : "  (with its length)";

    // A request line that Go's server cannot read is refused with bytes written straight to the socket, whose end is the end of the
    // connection. Other servers frame this answer as any other; a client reads the same body from both.
    private static bool IsGosBareRefusal(RawHttp answer, string body) => answer.StatusLine == body && body == "400 Bad Request";

    private string HeaderValue(string name, string value) =>
        name == "x-etcd-index" ? _normaliser.Position(long.Parse(value))
        : s_numberHeaders.Contains(name) && ulong.TryParse(value, out _) ? "<n>"
        : _normaliser.Hidden(_text.Target(value));

    private void ShowBody(string body, bool isSorted)
    {
        body = _isReleaseCompared ? body : ReleaseNumber(body);
        var shown = _text.Body(isSorted || !body.StartsWith('{') ? body : V2Text.SortListings(body));
        if (shown.Length > 0)
            _transcript.Add("  " + shown.Replace("\n", "\\n\n  ", StringComparison.Ordinal).TrimEnd());
    }

    // The reference for v2 is a 3.4, while the server under test is a 3.5 to its clients. The exact body is compared
    // with etcd 3.5 in HttpScenarios.
    private static string ReleaseNumber(string body) =>
        ReleaseOf34Or35().Replace(body, "{\"etcdserver\":\"<release>\",\"etcdcluster\":\"<release>\"}");

    private void ShowEvent(string? line) => _transcript.Add(line is null ? "  end of the watch" : "  event " + _text.Body(line));

    [GeneratedRegex("""
        ^\{"etcdserver":"3\.[45]\.\d+","etcdcluster":"3\.[45]\.0"\}$
        """)]
    private static partial Regex ReleaseOf34Or35();

    [GeneratedRegex(@"\bttl=(\d{1,9})\b")]
    private static partial Regex AskedTtl();
}
