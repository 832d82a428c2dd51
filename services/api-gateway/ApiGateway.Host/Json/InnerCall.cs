using System.Buffers;
using System.IO.Pipelines;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Limits;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http.Features;

namespace ApiGateway.Host.Json;

/// <summary>
/// A gRPC call made within the process on behalf of an HTTP request: the method's own endpoint, behind the same checks as every call from outside, with the request's metadata,
/// reads and writes pipes instead of a connection.
/// </summary>
internal sealed class InnerCall : IHttpResponseBodyFeature, IHttpRequestLifetimeFeature, IHttpResetFeature, IHttpResponseTrailersFeature, IDisposable
{
    private readonly MessageParser _parser;
    private readonly Pipe _answers = new();
    private readonly CancellationTokenSource _aborting;
    private readonly DefaultHttpContext _context;
    private Task _running = Task.CompletedTask;
    private bool _isWritten;

    /// <param name="outer">The HTTP request.</param>
    /// <param name="method">What is called.</param>
    /// <param name="requests">Framed requests.</param>
    public InnerCall(HttpContext outer, MethodDescriptor method, PipeReader requests)
    {
        _parser = method.OutputType.Parser;
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(outer.RequestAborted);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Protocol = "HTTP/2",
            Method = "POST",
            Scheme = outer.Request.Scheme,
            Path = JsonRoutes.GrpcPath(method),
            RawTarget = JsonRoutes.GrpcPath(method),
            Headers = CallMetadata.From(outer.Request.Headers),
        });
        features.Set<IRequestBodyPipeFeature>(new Requests(requests));
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(this);
        features.Set<IHttpResponseTrailersFeature>(this);
        features.Set<IHttpRequestLifetimeFeature>(this);
        features.Set<IHttpResetFeature>(this);
        // Where the client is; but not its certificate, whose name does not count here (server-surface §9).
        features.Set(outer.Features.Get<IHttpConnectionFeature>());
        features.Set(new OuterRequest(outer));
        _context = new DefaultHttpContext(features) { RequestServices = outer.RequestServices };
    }

    public CancellationToken RequestAborted
    {
        get => _aborting.Token;
        set => throw new NotSupportedException("a call ends with its request");
    }

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    public Stream Stream => _answers.Writer.AsStream(leaveOpen: true);

    public PipeWriter Writer => _answers.Writer;

    /// <summary>How it ended; to be asked when there are no more messages.</summary>
    public RpcStatus Status { get; private set; }

    /// <summary>Frames a request.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var frame = new byte[MessageFrame.PrefixBytes + message.Length];
        MessageFrame.Write(frame, message.Length);
        message.CopyTo(frame.AsSpan(MessageFrame.PrefixBytes));
        return frame;
    }

    /// <summary>Starts it; it runs until its method returns.</summary>
    public void Start(RequestDelegate method) => _running = RunAsync(method);

    /// <summary>The next message; null at the end.</summary>
    public async ValueTask<IMessage?> NextAsync()
    {
        while (true)
        {
            var result = await _answers.Reader.ReadAsync().ConfigureAwait(false);
            if (TryParse(result.Buffer, out var message, out var end))
            {
                _answers.Reader.AdvanceTo(end);
                return message;
            }
            _answers.Reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (!result.IsCompleted)
                continue;
            await _running.ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>Ends it, if it has not ended, and waits for that.</summary>
    public async ValueTask EndAsync()
    {
        Abort();
        await _answers.Reader.CompleteAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    public void Dispose() => _aborting.Dispose();

    public void Abort() => _aborting.Cancel();

    public void Reset(int errorCode) => Abort();

    public void DisableBuffering()
    {
    }

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task CompleteAsync()
    {
        _isWritten = true;
        return _answers.Writer.CompleteAsync().AsTask();
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("a call sends no files");

    private async Task RunAsync(RequestDelegate method)
    {
        // Not on the thread of the request: it reads what is written here.
        await Task.Yield();
        try
        {
            await method(_context).ConfigureAwait(false);
            Status = ReadStatus();
        }
        catch (OperationCanceledException) when (_aborting.IsCancellationRequested)
        {
            Status = EtcdErrors.Status(EtcdError.RequestCanceled);
        }
        finally
        {
            if (!_isWritten)
                await _answers.Writer.CompleteAsync().ConfigureAwait(false);
        }
    }

    // Without a message the status is told in the headers.
    private RpcStatus ReadStatus()
    {
        var headers = _context.Response.Headers;
        var from = Trailers.ContainsKey("grpc-status") ? Trailers : headers;
        if (!int.TryParse(from["grpc-status"], out var code))
            return new RpcStatus(RpcCode.Internal, "the call ended without a status");
        // Of a deadline that has passed the library here speaks in other words than etcd's.
        return (RpcCode)code == RpcCode.DeadlineExceeded
            ? EtcdErrors.Status(EtcdError.WriteDeadline)
            : new RpcStatus((RpcCode)code, Uri.UnescapeDataString(from["grpc-message"].ToString()));
    }

    private bool TryParse(in ReadOnlySequence<byte> buffer, out IMessage? message, out SequencePosition end)
    {
        (message, end) = (null, default);
        if (buffer.Length < MessageFrame.PrefixBytes)
            return false;
        Span<byte> prefix = stackalloc byte[MessageFrame.PrefixBytes];
        buffer.Slice(0, MessageFrame.PrefixBytes).CopyTo(prefix);
        var (_, length) = MessageFrame.Read(prefix);
        if (buffer.Length < MessageFrame.PrefixBytes + (long)length)
            return false;
        var body = buffer.Slice(MessageFrame.PrefixBytes, length);
        message = _parser.ParseFrom(body);
        end = body.End;
        return true;
    }

    private sealed class Requests(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
