using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Conformance.V2;

/// <summary>
/// One HTTP/1.1 exchange over a socket of its own. The request target goes out exactly as given (no cleaning of dots,
/// slashes or escapes), redirects are not followed, and a body can be read while it is still being written.
/// </summary>
internal sealed class RawHttp : IDisposable
{
    // Of a whole exchange, a watch too: ends a hang.
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly TcpClient _socket = new() { NoDelay = true };
    private readonly CancellationTokenSource _deadline = new(s_deadline);
    private readonly List<(string Name, string Value)> _headers = [];
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private long _bodyLeft;
    private bool _sawLastChunk;

    private RawHttp()
    {
    }

    /// <summary><c>HTTP/1.1 200 OK</c> without the version.</summary>
    public string StatusLine { get; private set; } = "";

    public IReadOnlyList<(string Name, string Value)> Headers => _headers;

    public bool IsChunked => Header("transfer-encoding") == "chunked";

    /// <summary>Sends a request and returns once the answer's headers are there.</summary>
    public static async Task<RawHttp> SendAsync(
        int port, string method, string target, IEnumerable<(string Name, string Value)> headers, byte[]? body)
    {
        var exchange = new RawHttp();
        try
        {
            await exchange._socket.ConnectAsync(IPAddress.Loopback, port, exchange._deadline.Token);
            await exchange.WriteAsync(port, method, target, headers, body);
            await exchange.ReadHeadAsync(method);
            return exchange;
        }
        catch
        {
            exchange.Dispose();
            throw;
        }
    }

    public string? Header(string name) =>
        _headers.Where(h => h.Name == name).Select(h => h.Value).FirstOrDefault();

    /// <summary>The rest of the body as text.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var body = new MemoryStream();
        while (await ReadBodyByteAsync() is >= 0 and var b)
            body.WriteByte((byte)b);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    /// <summary>The next line of the body without its end; null at the body's end.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var line = new MemoryStream();
        int b;
        while ((b = await ReadBodyByteAsync()) >= 0)
        {
            if (b == '\n')
                return Encoding.UTF8.GetString(line.ToArray());
            line.WriteByte((byte)b);
        }
        return line.Length == 0 ? null : Encoding.UTF8.GetString(line.ToArray());
    }

    public void Dispose()
    {
        _socket.Dispose();
        _deadline.Dispose();
    }

    private async Task WriteAsync(int port, string method, string target, IEnumerable<(string Name, string Value)> headers, byte[]? body)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
        foreach (var (name, value) in headers)
            head.Append($"{name}: {value}\r\n");
        if (body is not null)
            head.Append($"Content-Length: {body.Length}\r\n");
        head.Append("\r\n");
        await _socket.GetStream().WriteAsync((byte[])[.. Encoding.UTF8.GetBytes(head.ToString()), .. body ?? []], _deadline.Token);
    }

    private async Task ReadHeadAsync(string method)
    {
        var status = await ReadHeadLineAsync();
        StatusLine = status[(status.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        for (var line = await ReadHeadLineAsync(); line.Length > 0; line = await ReadHeadLineAsync())
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            _headers.Add((line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim()));
        }
        _bodyLeft = BodyLength(method);
    }

    // Bytes of the body to come; 0 when chunked (the first chunk was not read yet); "until the end" when nothing is said.
    private long BodyLength(string method)
    {
        if (method == "HEAD" || StatusLine.StartsWith("204", StringComparison.Ordinal) || IsChunked)
            return 0;
        return Header("content-length") is { } length ? long.Parse(length) : long.MaxValue;
    }

    private async Task<string> ReadHeadLineAsync()
    {
        var line = new StringBuilder();
        int b;
        while ((b = await ReadByteAsync()) != '\n')
        {
            if (b < 0)
                throw new IOException($"the connection ended in the head of the answer, after \"{line}\"");
            if (b != '\r')
                line.Append((char)b);
        }
        return line.ToString();
    }

    private async ValueTask<int> ReadBodyByteAsync()
    {
        if (_bodyLeft == 0 && !(IsChunked && await StartChunkAsync()))
            return -1;
        _bodyLeft--;
        var b = await ReadByteAsync();
        if (IsChunked && _bodyLeft == 0)
            await ReadHeadLineAsync();
        return b;
    }

    private async Task<bool> StartChunkAsync()
    {
        if (_sawLastChunk)
            return false;
        var size = await ReadHeadLineAsync();
        _bodyLeft = Convert.ToInt64(size, 16);
        if (_bodyLeft > 0)
            return true;
        _sawLastChunk = true;
        return false;
    }

    private async ValueTask<int> ReadByteAsync()
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await _socket.GetStream().ReadAsync(_buffer, _deadline.Token);
            if (_end == 0)
                return -1;
        }
        return _buffer[_start++];
    }
}
