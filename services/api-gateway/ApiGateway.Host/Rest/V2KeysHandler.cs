using System.Diagnostics;
using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Requests;
using ApiGateway.Core.V2;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Proposing;
using ApiGateway.Host.Rest.V2Auth;
using ApiGateway.Host.Slow;
using ApiGateway.Host.Tracing;
using Consensus.Contracts;
using Google.Protobuf;
using Storage.Contracts;

namespace ApiGateway.Host.Rest;

/// <summary>/v2/keys: reads and writes. What a write means is the state machine's; here it is parsed, proposed and answered.</summary>
internal sealed class V2KeysHandler(
    Proposer proposer, SpaceGuard space, IStorage storage, ReadBarrier barrier, ClusterView cluster, V2WatchHandler watches, V2Access access, GatewayOptions options, TimeProvider time)
{
    /// <param name="context">The request.</param>
    /// <param name="asked">What follows "/v2/keys", clean.</param>
    /// <param name="query">What follows "?".</param>
    public async Task HandleAsync(HttpContext context, string asked, string query)
    {
        var method = context.Request.Method;
        if (method is not ("GET" or "HEAD" or "PUT" or "POST" or "DELETE"))
        {
            await RestResponse.MethodNotAllowedAsync(context, "HEAD,GET,PUT,POST,DELETE").ConfigureAwait(false);
            return;
        }
        var began = Stopwatch.GetTimestamp();
        using var span = GatewayTracing.StartRequest(context, $"{method} /v2/keys");
        var view = await cluster.GetAsync().ConfigureAwait(false);
        context.Response.Headers["X-Etcd-Cluster-Id"] = view.Status.Cluster.ToString();
        var error = await AnswerAsync(context, method, asked, query, began).ConfigureAwait(false);
        if (error is { } refused)
            await RestResponse.V2ErrorAsync(context, refused).ConfigureAwait(false);
    }

    private void NoteIfSlow(HttpContext context, string method, long began, in RequestStamps stamps)
    {
        var ended = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(began, ended) > options.WarningRequestDuration)
            context.RequestServices.GetRequiredService<SlowRequests>().Tell(context, $"{method} /v2/keys", began, ended, stamps, failure: null);
    }

    /// <summary>Answers, or hands back the error to answer with.</summary>
    private async Task<V2Error?> AnswerAsync(HttpContext context, string method, string asked, string query, long began)
    {
        var (form, formError) = await RequestForm.ReadAsync(context, query).ConfigureAwait(false);
        if (formError.Length > 0)
            return new V2Error(V2Errors.InvalidForm, formError, 0);
        if (V2RequestParser.Parse(method, UrlPath.NodePath(asked), form, out var request) is { } invalid)
            return invalid;
        try
        {
            var isWrite = method is not ("GET" or "HEAD");
            if (!await access.MayUseKeyAsync(context, asked, request!.Recursive, isWrite).ConfigureAwait(false))
                return new V2Error(V2Errors.Unauthorized, "Insufficient credentials", 0);
            if (isWrite)
                return await WriteAsync(context, method, request, began).ConfigureAwait(false);
            // A quorum read takes no notice of wait.
            if (request.Wait && !request.Quorum)
                return await watches.HandleAsync(context, request).ConfigureAwait(false);
            return await ReadAsync(context, method, request, began).ConfigureAwait(false);
        }
        catch (RequestFailedException exception) when (!context.Response.HasStarted)
        {
            return new V2Error(V2Errors.RaftInternal, Cause(exception.Error), 0);
        }
    }

    private async Task<V2Error?> ReadAsync(HttpContext context, string method, V2Request request, long began)
    {
        var minApplied = request.Quorum ? await barrier.ReadIndexAsync().ConfigureAwait(false) : default;
        var indexed = request.Quorum ? Stopwatch.GetTimestamp() : 0;
        var reading = storage.GetV2Async(
            request.Path, request.Recursive, request.Sorted, Proposer.UnixNanos(time), minApplied, context.RequestAborted);
        var result = await barrier.BoundedAsync(reading, EtcdError.Timeout).ConfigureAwait(false);
        cluster.ObserveV2(result.Revision, result.AppliedIndex);
        NoteIfSlow(context, method, began, new RequestStamps(default, 0, 0, indexed));
        if (Error(result.Error, result.Detail, result.Body, result.Revision) is { } error)
            return error;
        SetIndexes(context, result.Revision, result.AppliedIndex, result.AppliedTerm);
        await RestResponse.WriteAsync(context, StatusCodes.Status200OK, RestResponse.Json, result.Body, lineEnd: true).ConfigureAwait(false);
        return null;
    }

    private async Task<V2Error?> WriteAsync(HttpContext context, string method, V2Request request, long began)
    {
        var command = V2WriteRule.Command(method, request, Proposer.UnixNanos(time));
        if (method != "DELETE")
            await space.AdmitAsync(SpaceCost.OfNode(command.Path.Length, command.Value.Length)).ConfigureAwait(false);
        var result = await proposer.ProposeAsync(CommandKind.V2Write, command.ToByteArray()).ConfigureAwait(false);
        cluster.ObserveV2(result.Revision, result.Index);
        NoteIfSlow(context, method, began, RequestStamps.Of(result));
        if (Error(result.Error, result.Detail, result.Body, result.Revision) is { } error)
            return error;
        SetIndexes(context, result.Revision, result.Index, result.Term);
        var status = result.Detail == 1 ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await RestResponse.WriteAsync(context, status, RestResponse.Json, result.Body, lineEnd: true).ConfigureAwait(false);
        return null;
    }

    /// <summary>The headers of a success on keys.</summary>
    internal static void SetIndexes(HttpContext context, long v2Index, LogIndex raftIndex, Term term)
    {
        context.Response.Headers["X-Etcd-Index"] = v2Index.ToString();
        context.Response.Headers["X-Raft-Index"] = raftIndex.ToString();
        context.Response.Headers["X-Raft-Term"] = term.ToString();
    }

    private static V2Error? Error(StorageError error, int detail, ReadOnlyMemory<byte> body, long v2Index) => error switch
    {
        StorageError.None => null,
        StorageError.V2 => new V2Error(detail, Encoding.UTF8.GetString(body.Span), (ulong)v2Index),
        _ => new V2Error(V2Errors.RaftInternal, EtcdErrors.Status(EtcdErrors.Of(error)).Message, 0),
    };

    private static string Cause(EtcdError error) =>
        error == EtcdError.WriteDeadline ? EtcdErrors.TimeoutText : EtcdErrors.Status(error).Message;
}
