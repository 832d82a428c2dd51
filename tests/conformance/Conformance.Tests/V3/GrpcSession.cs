using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Conformance.V3;

/// <summary>The gRPC steps of a scenario; each writes its request and its answer into the transcript.</summary>
internal sealed class GrpcSession : IAsyncDisposable
{
    private readonly Target _target;
    private readonly Transcript _transcript;
    private readonly Normaliser _normaliser;
    private readonly MessageText _text;

    private GrpcSession(Target target, Transcript transcript, Normaliser normaliser)
    {
        (_target, _transcript, _normaliser) = (target, transcript, normaliser);
        _text = new MessageText(normaliser);
    }

    /// <summary>Revision before the scenario's first write.</summary>
    public long Origin => _normaliser.Origin;

    public static async Task<GrpcSession> OpenAsync(Target target, Transcript transcript)
    {
        var normaliser = new Normaliser(target, "rev") { Origin = await V3Store.EmptyAsync(target) };
        return new GrpcSession(target, transcript, normaliser);
    }

    /// <summary>An absolute revision <paramref name="distance"/> writes after the start.</summary>
    public long Rev(long distance) => Origin + distance;

    public void Note(string text) => _transcript.Add("# " + text);

    public Task<RangeResponse?> Range(RangeRequest request) => Call(Rpc.Range, request);

    public Task<PutResponse?> Put(PutRequest request) => Call(Rpc.Put, request);

    public Task<PutResponse?> Put(string key, string value, long lease = 0) =>
        Put(new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value), Lease = lease });

    public Task<DeleteRangeResponse?> Delete(DeleteRangeRequest request) => Call(Rpc.Delete, request);

    public Task<TxnResponse?> Txn(TxnRequest request) => Call(Rpc.Txn, request);

    public Task<CompactionResponse?> Compact(long revision, bool physical = false) =>
        Call(Rpc.Compact, new CompactionRequest { Revision = revision, Physical = physical });

    public async Task<LeaseGrantResponse?> Grant(long ttl, long id)
    {
        var granted = await Call(Rpc.LeaseGrant, new LeaseGrantRequest { TTL = ttl, ID = id });
        if (granted is not null)
            _text.ExpectTtl(granted.TTL);
        return granted;
    }

    /// <summary>A lease with this TTL was granted by other means.</summary>
    public void ExpectTtl(long seconds) => _text.ExpectTtl(seconds);

    /// <summary>Grants a lease whose id the server chooses; the id is hidden from then on.</summary>
    public async Task<long> GrantAnyId(long ttl, string placeholder)
    {
        var request = new LeaseGrantRequest { TTL = ttl };
        var granted = await Rpc.LeaseGrant.CallAsync(_target.Channel, request);
        _normaliser.Hide(granted.ID.ToString(), placeholder);
        _text.ExpectTtl(granted.TTL);
        _transcript.Add($"> LeaseGrant {_text.Inline(request)}\n{_text.Block(granted)}");
        Note(granted.ID > 0 ? "a positive id was chosen" : "the id is not positive");
        return granted.ID;
    }

    /// <summary>Calls a method; null when it answered with an error, which is in the transcript.</summary>
    public async Task<TResponse?> Call<TRequest, TResponse>(Unary<TRequest, TResponse> rpc, TRequest request, Metadata? metadata = null)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var sent = _text.Inline(request);
        var changesMembers = rpc.Service == Rpc.MemberAdd.Service && rpc.Name != Rpc.MemberList.Name;
        var metadataText = metadata is null ? "" : " " + string.Join(' ', metadata.Select(m => $"[{m.Key}: {_normaliser.Hidden(m.Value)}]"));
        _transcript.Add($"> {rpc.Name} {sent}{metadataText}");
        try
        {
            var answer = await Rpc.SendAsync(_target.Channel, Rpc.Method(MethodType.Unary, rpc.Service, rpc.Name), request.ToByteArray(), metadata);
            _transcript.Add(_text.Block(rpc.Parser, answer));
            if (changesMembers)
                await MemberChanges.SettleAsync(_target, metadata);
            return rpc.Parser.ParseFrom(answer);
        }
        catch (RpcException e)
        {
            _transcript.Add(Error(e.Status));
            // With other codes it never came to Raft.
            if (changesMembers && e.StatusCode is (StatusCode.FailedPrecondition or StatusCode.NotFound or StatusCode.Unknown))
                await MemberChanges.SettleAsync(_target, metadata);
            return null;
        }
    }

    /// <summary>Logs in; the token is hidden from then on, and null when there is none.</summary>
    public async Task<Metadata?> LogIn(string user, string password)
    {
        try
        {
            var answer = await Rpc.Authenticate.CallAsync(_target.Channel, new AuthenticateRequest { Name = user, Password = password });
            _normaliser.Hide(answer.Token, $"<token of {user}>");
            Note($"{user} logged in at {_normaliser.Position(answer.Header.Revision)}");
            return new Metadata { { "token", answer.Token } };
        }
        catch (RpcException e)
        {
            Note($"{user} did not log in:\n{Error(e.Status)}");
            return null;
        }
    }

    /// <summary>The first message of a snapshot, or how it was refused.</summary>
    public async Task Snapshot(Metadata? metadata)
    {
        _transcript.Add($"> Snapshot {(metadata is null ? "" : _normaliser.Hidden(metadata[0].Value))}");
        using var call = _target.Channel.CreateCallInvoker().AsyncServerStreamingCall(
            Rpc.Method(MethodType.ServerStreaming, "etcdserverpb.Maintenance", "Snapshot"), null, new CallOptions(metadata, DateTime.UtcNow.AddSeconds(20)), []);
        try
        {
            Note(await call.ResponseStream.MoveNext(CancellationToken.None) ? "it begins" : "it has nothing");
        }
        catch (RpcException e)
        {
            _transcript.Add(Error(e.Status));
        }
    }

    /// <summary>Sends bytes as they are to any path; only the outcome and the answer's size are shown.</summary>
    public async Task CallRaw(string service, string method, byte[] request, Func<string, string>? normaliseDetail = null)
    {
        _transcript.Add($"> {service}/{method} {(request.Length > 64 ? $"<{request.Length} bytes>" : Convert.ToHexStringLower(request))}");
        try
        {
            var answer = await Rpc.SendAsync(_target.Channel, Rpc.Method(MethodType.Unary, service, method), request);
            _transcript.Add($"  answered {(answer.Length > 0 ? "a message" : "an empty message")}");
        }
        catch (RpcException e)
        {
            var detail = normaliseDetail is null ? e.Status.Detail : normaliseDetail(e.Status.Detail);
            _transcript.Add(Error(new Status(e.StatusCode, detail)));
        }
    }

    public MessageStream<WatchRequest, WatchResponse> OpenWatch(Metadata? metadata = null) =>
        Open<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", WatchResponse.Parser, metadata);

    public MessageStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> OpenKeepAlive(Metadata? metadata = null) =>
        Open<LeaseKeepAliveRequest, LeaseKeepAliveResponse>("etcdserverpb.Lease", "LeaseKeepAlive", LeaseKeepAliveResponse.Parser, metadata);

    /// <summary>A stream of answers to one request.</summary>
    public async Task<MessageStream<TRequest, TResponse>> OpenServerStream<TRequest, TResponse>(
        string service, string method, MessageParser<TResponse> parser, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var stream = Open<TRequest, TResponse>(service, method, parser, null);
        await stream.Send(request);
        await stream.HalfClose();
        return stream;
    }

    /// <summary>Begins a call that waits: it is shown when it is ended with <see cref="End"/>.</summary>
    public WaitingCall<TResponse> Begin<TRequest, TResponse>(Unary<TRequest, TResponse> rpc, TRequest request)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        _transcript.Add($"> {rpc.Name} {_text.Inline(request)} &");
        var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var call = _target.Channel.CreateCallInvoker().AsyncUnaryCall(
            Rpc.Method(MethodType.Unary, rpc.Service, rpc.Name), null, new CallOptions(cancellationToken: cancellation.Token), request.ToByteArray());
        return new(rpc.Parser, call.ResponseAsync, cancellation);
    }

    /// <summary>Waits for the answer to a call that waited, and shows it.</summary>
    public async Task End<TResponse>(WaitingCall<TResponse> call)
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            _transcript.Add("  ended:\n" + _text.Block(call.Parser, await call.Answer));
        }
        catch (RpcException e)
        {
            _transcript.Add("  ended:" + Error(e.Status));
        }
        call.Cancellation.Dispose();
    }

    /// <summary>Waits until there are so many keys below a prefix that ends in a slash.</summary>
    public async Task KeysAre(string prefix, long count)
    {
        var deadline = DateTime.UtcNow.AddSeconds(40);
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = ByteString.CopyFromUtf8(prefix[..^1] + "0"), CountOnly = true };
        while ((await Rpc.Range.CallAsync(_target.Channel, request)).Count != count)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"there are not {count} keys below {prefix}");
            await Task.Delay(10);
        }
    }

    public ulong MemberId => _target.MemberId;

    public string PeerUrl => $"http://127.0.0.1:{_target.PeerPort}";

    /// <summary>The error must have been answered.</summary>
    public void ExpectShown(int code, string message)
    {
        var line = Error(new Status((StatusCode)code, message));
        if (!_transcript.Lines.Contains(line))
            throw new InvalidOperationException($"not answered:{line}");
    }

    /// <summary>Runs the steps while the cluster has a learner that never comes; its id is hidden.</summary>
    /// <param name="peerUrl">Its own: an id made of the same URL in the same second would be that of the last.</param>
    /// <param name="steps">Given its id.</param>
    public async Task WithLearnerAsync(string peerUrl, Func<ulong, Task> steps)
    {
        Note("with a learner that does not come");
        var added = await Rpc.MemberAdd.CallAsync(_target.Channel, new MemberAddRequest { PeerURLs = { peerUrl }, IsLearner = true });
        await MemberChanges.SettleAsync(_target);
        Hide(added.Member.ID.ToString(), "<learner>");
        await steps(added.Member.ID);
        await Rpc.MemberRemove.CallAsync(_target.Channel, new MemberRemoveRequest { ID = added.Member.ID });
        await MemberChanges.SettleAsync(_target);
    }

    /// <summary>Runs the steps while the cluster is being taken back to 3.4.</summary>
    public async Task WhileDowngradingAsync(Func<Task> steps)
    {
        Note("while the cluster is being downgraded");
        await DowngradeAsync(DowngradeRequest.Types.DowngradeAction.Enable, "true");
        await steps();
        await DowngradeAsync(DowngradeRequest.Types.DowngradeAction.Cancel, "false");
    }

    // A 3.5 server does as it is told and then answers only with a timeout, so its peer port is asked.
    private async Task DowngradeAsync(DowngradeRequest.Types.DowngradeAction action, string becomes)
    {
        using var ending = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var call = _target.Channel.CreateCallInvoker().AsyncUnaryCall(
            Rpc.Method(MethodType.Unary, Rpc.Downgrade.Service, Rpc.Downgrade.Name), null, new CallOptions(cancellationToken: ending.Token),
            new DowngradeRequest { Action = action, Version = "3.4" }.ToByteArray());
        using var http = new HttpClient();
        while (await http.GetStringAsync(new Uri($"{PeerUrl}/downgrade/enabled"), ending.Token) != becomes)
            await Task.Delay(10, ending.Token);
    }

    /// <summary>Takes in a member that never comes, and waits until nobody leads.</summary>
    public async Task LoseTheQuorumAsync()
    {
        await Rpc.MemberAdd.CallAsync(_target.Channel, new MemberAddRequest { PeerURLs = { "http://127.0.0.1:1" } });
        var deadline = DateTime.UtcNow.AddSeconds(40);
        while ((await Rpc.Status.CallAsync(_target.Channel, new StatusRequest())).Leader != 0)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException("there still is a leader");
            await Task.Delay(20);
        }
    }

    /// <summary>Runs steps at the same time; what they show is shown in the order in which they were given.</summary>
    public async Task AtOnceAsync(IEnumerable<Func<GrpcSession, Task>> steps)
    {
        var parts = steps.Select(async step =>
        {
            var part = new Transcript();
            await step(new GrpcSession(_target, part, _normaliser));
            return part;
        }).ToList();
        foreach (var part in await Task.WhenAll(parts))
            _transcript.Add(part.ToString());
    }

    /// <summary>Hides what only this server knows.</summary>
    public void Hide(string literal, string placeholder) => _normaliser.Hide(literal, placeholder);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private MessageStream<TRequest, TResponse> Open<TRequest, TResponse>(
        string service, string method, MessageParser<TResponse> parser, Metadata? metadata)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var call = _target.Channel.CreateCallInvoker()
            .AsyncDuplexStreamingCall(Rpc.Method(MethodType.DuplexStreaming, service, method), null, new CallOptions(metadata));
        return new(call, parser, _transcript, _text);
    }

    private string Error(Status status) => $"  error {(int)status.StatusCode} {status.StatusCode}: {_normaliser.Hidden(status.Detail)}";
}
