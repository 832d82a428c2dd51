using System.Text;
using System.Text.Json;
using Conformance.Harness;
using Conformance.V2;
using Conformance.V3;

namespace Conformance.Json;

/// <summary>The steps of a scenario over the JSON gateway: requests as curl would send them, with status, headers and body compared.</summary>
internal sealed class JsonSession : IAsyncDisposable
{
    private static readonly string[] s_shownHeaders = ["content-type", "grpc-metadata-content-type", "x-content-type-options", "location"];

    private readonly Target _target;
    private readonly Transcript _transcript;
    private readonly Normaliser _normaliser;
    private readonly JsonText _text;

    private JsonSession(Target target, Transcript transcript, Normaliser normaliser, bool isForm)
    {
        (_target, _transcript, _normaliser) = (target, transcript, normaliser);
        _text = new JsonText(normaliser) { ShowsErrorsWhole = isForm, HidesVersion = isForm };
    }

    public static async Task<JsonSession> OpenAsync(Target target, Transcript transcript) =>
        new(target, transcript, new Normaliser(target, "rev") { Origin = await V3Store.EmptyAsync(target) }, isForm: false);

    /// <summary>For the form of errors, which is that of another release than the reference for everything else.</summary>
    public static async Task<JsonSession> OpenForFormAsync(Target target, Transcript transcript) =>
        new(target, transcript, new Normaliser(target, "rev") { Origin = await V3Store.EmptyAsync(target) }, isForm: true);

    /// <summary>An absolute revision <paramref name="distance"/> writes after the start.</summary>
    public long Rev(long distance) => _normaliser.Origin + distance;

    public ulong MemberId => _target.MemberId;

    public void Note(string text) => _transcript.Add("# " + text);

    /// <summary>Base64 of a text.</summary>
    public static string B(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Posts a body to a path below the port; hands out the answer's body.</summary>
    public Task<string> Post(string path, string body, params (string Name, string Value)[] headers) => Send("POST", path, body, headers);

    public async Task<string> Send(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        Show(method, path, body, headers);
        using var answer = await RawHttp.SendAsync(_target.ClientPort, method, path, headers, body is null ? null : Encoding.UTF8.GetBytes(body));
        var text = await answer.ReadToEndAsync();
        ShowHead(answer);
        _text.HasTextNames = path.Contains("/cluster/", StringComparison.Ordinal);
        foreach (var line in text.Split('\n').Where(line => line.Length > 0))
            _transcript.Add("  " + _text.Body(line));
        return text;
    }

    /// <summary>Posts and hides a value that the server chose, wherever it shows.</summary>
    public async Task<string> PostHiding(string path, string body, string property, string placeholder)
    {
        using var silent = await RawHttp.SendAsync(_target.ClientPort, "POST", path, [], Encoding.UTF8.GetBytes(body));
        using var document = JsonDocument.Parse(await silent.ReadToEndAsync());
        var value = document.RootElement.GetProperty(property).GetString()!;
        _normaliser.Hide(value, placeholder);
        Show("POST", path, body, []);
        _transcript.Add("  " + _text.Body(document.RootElement.GetRawText()));
        return value;
    }

    /// <summary>Posts a body whose answer is a stream, and shows its first lines; the stream is left open until disposed.</summary>
    public async Task<JsonStream> Stream(string path, string body, int lines, params (string Name, string Value)[] headers)
    {
        Show("POST", path, body, headers);
        var answer = await RawHttp.SendAsync(_target.ClientPort, "POST", path, headers, Encoding.UTF8.GetBytes(body));
        ShowHead(answer);
        var stream = new JsonStream(answer, line => _transcript.Add("  " + (line is null ? "end of the stream" : _text.Body(line))));
        await stream.Read(lines);
        return stream;
    }

    /// <summary>A snapshot: shown is only that its parts follow each other and that the last is the digest of the others.</summary>
    public async Task Snapshot(string path)
    {
        Show("POST", path, "{}", []);
        using var answer = await RawHttp.SendAsync(_target.ClientPort, "POST", path, [], "{}"u8.ToArray());
        ShowHead(answer);
        var blobs = new List<byte[]>();
        var isInOrder = true;
        long? remaining = null;
        while (await answer.ReadLineAsync() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var result = document.RootElement.GetProperty("result");
            blobs.Add(result.GetProperty("blob").GetBytesFromBase64());
            var left = result.TryGetProperty("remaining_bytes", out var value) ? long.Parse(value.GetString()!) : 0;
            isInOrder &= remaining is null || blobs[^1].Length == 32 || left == remaining - blobs[^1].Length;
            remaining = left;
        }
        var isWhole = System.Security.Cryptography.SHA256.HashData(blobs[..^1].SelectMany(b => b).ToArray()).AsSpan().SequenceEqual(blobs[^1]);
        Note($"parts {(isInOrder ? "follow each other" : "do not follow each other")}, the digest {(isWhole ? "is right" : "is wrong")}");
    }

    /// <summary>Begins a call that waits.</summary>
    public Task<string> Begin(string path, string body)
    {
        _transcript.Add($"> POST {path} {_normaliser.Hidden(body)} &");
        return PostUnseen(path, body);
    }

    /// <summary>Shows the answer to a call that waited.</summary>
    public async Task End(Task<string> call)
    {
        _transcript.Add("  ended: " + _text.Body(await call));
    }

    /// <summary>Waits until there are so many keys below a prefix that ends in a slash.</summary>
    public async Task KeysAre(string prefix, int count)
    {
        var body = $$"""{"key":"{{B(prefix)}}","range_end":"{{B(prefix[..^1] + "0")}}","count_only":true}""";
        var deadline = DateTime.UtcNow.AddSeconds(40);
        while (Count(await PostUnseen("/v3/kv/range", body)) != count)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"there are not {count} keys below {prefix}");
            await Task.Delay(10);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static long Count(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.TryGetProperty("count", out var count) ? long.Parse(count.GetString()!) : 0;
    }

    private async Task<string> PostUnseen(string path, string body)
    {
        using var answer = await RawHttp.SendAsync(_target.ClientPort, "POST", path, [], Encoding.UTF8.GetBytes(body));
        return await answer.ReadToEndAsync();
    }

    private void Show(string method, string path, string? body, (string Name, string Value)[] headers)
    {
        var sent = body is null ? "" : body.Length > 400 ? $" <{body.Length} bytes>" : " " + _text.Body(body);
        _transcript.Add($"> {method} {path}{string.Concat(headers.Select(h => $" [{h.Name}: {h.Value}]"))}{sent}");
    }

    private void ShowHead(RawHttp answer)
    {
        _transcript.Add("  " + answer.StatusLine);
        foreach (var name in s_shownHeaders)
        {
            if (answer.Header(name) is { } value)
                _transcript.Add($"  {name}: {value}");
        }
    }
}
