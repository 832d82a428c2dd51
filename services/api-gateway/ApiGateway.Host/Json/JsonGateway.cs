using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Json;
using ApiGateway.Host.Rest;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;

namespace ApiGateway.Host.Json;

/// <summary>
/// etcd's JSON gateway: every gRPC method as a POST over HTTP/1.1, in the form of etcd 3.5 (v3-wire §3). It knows no method but by its descriptor: what is mapped as gRPC is
/// served as JSON.
/// </summary>
internal sealed class JsonGateway(EndpointDataSource endpoints)
{
    private readonly Lazy<Dictionary<string, RequestDelegate>> _methods = new(() => MethodsOf(endpoints));

    /// <param name="context">The request.</param>
    /// <param name="path">What follows <c>/v3/</c>.</param>
    public Task HandleAsync(HttpContext context, string path) => WebSocketBridge.IsAskedFor(context)
        ? WebSocketBridge.ServeAsync(context, post => ServeAsync(post, path))
        : ServeAsync(context, path);

    private async Task ServeAsync(HttpContext context, string path)
    {
        if (JsonRoutes.Find(path) is not { } method)
        {
            await RestResponse.ErrorAsync(context, StatusCodes.Status404NotFound, "Not Found").ConfigureAwait(false);
            return;
        }
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await RestResponse.ErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed").ConfigureAwait(false);
            return;
        }
        var grpcPath = JsonRoutes.GrpcPath(method);
        if (!_methods.Value.TryGetValue(grpcPath, out var call))
        {
            var isService = _methods.Value.Keys.Any(known => known.StartsWith($"/{method.Service.FullName}/", StringComparison.Ordinal));
            await FailAsync(context, EtcdErrors.Unimplemented(grpcPath, _ => isService)).ConfigureAwait(false);
            return;
        }
        if (method.IsClientStreaming)
            await DuplexAsync(context, method, call).ConfigureAwait(false);
        else
            await CallAsync(context, method, call).ConfigureAwait(false);
    }

    private static async Task CallAsync(HttpContext context, MethodDescriptor method, RequestDelegate call)
    {
        byte[] request;
        try
        {
            request = await new JsonBody(context, method.InputType).NextAsync().ConfigureAwait(false) ?? [];
        }
        catch (JsonBodyException refused)
        {
            await FailAsync(context, new RpcStatus(refused.IsTooLarge ? RpcCode.ResourceExhausted : RpcCode.InvalidArgument, refused.Message))
                .ConfigureAwait(false);
            return;
        }
        using var inner = new InnerCall(context, method, PipeReader.Create(new ReadOnlySequence<byte>(InnerCall.Frame(request))));
        inner.Start(call);
        if (method.IsServerStreaming)
            await StreamAsync(context, inner).ConfigureAwait(false);
        else
            await AnswerAsync(context, inner).ConfigureAwait(false);
    }

    private static async Task DuplexAsync(HttpContext context, MethodDescriptor method, RequestDelegate call)
    {
        var body = new JsonBody(context, method.InputType);
        var requests = new Pipe();
        try
        {
            // What is wrong with the first request can still be told by the status.
            if (await body.NextAsync().ConfigureAwait(false) is { } first)
                requests.Writer.Write(InnerCall.Frame(first));
            else
                body = null;
        }
        catch (JsonBodyException refused)
        {
            await FailAsync(context, new RpcStatus(RpcCode.Unknown, refused.Message)).ConfigureAwait(false);
            return;
        }
        using var inner = new InnerCall(context, method, requests.Reader);
        var sending = SendAsync(body, requests.Writer);
        inner.Start(call);
        await StreamAsync(context, inner).ConfigureAwait(false);
        // The call has ended: nobody reads requests any more, and no flush waits for room.
        await requests.Reader.CompleteAsync().ConfigureAwait(false);
        context.Request.BodyReader.CancelPendingRead();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends requests until the body ends; one that is wrong ends it too, and the stream goes on without further requests.</summary>
    private static async Task SendAsync(JsonBody? body, PipeWriter requests)
    {
        try
        {
            await requests.FlushAsync().ConfigureAwait(false);
            while (body is not null && await body.NextAsync().ConfigureAwait(false) is { } request)
            {
                requests.Write(InnerCall.Frame(request));
                if ((await requests.FlushAsync().ConfigureAwait(false)).IsCompleted)
                    break;
            }
        }
        catch (JsonBodyException)
        {
            // There is no way to tell the client: etcd does not either.
        }
        finally
        {
            await requests.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, InnerCall inner)
    {
        try
        {
            var answer = await inner.NextAsync().ConfigureAwait(false);
            while (answer is not null && await inner.NextAsync().ConfigureAwait(false) is not null)
            {
                // A unary method sends one.
            }
            if (answer is null || inner.Status.Code != RpcCode.Ok)
            {
                await FailAsync(context, inner.Status).ConfigureAwait(false);
                return;
            }
            SetMetadata(context);
            await RestResponse.WriteAsync(context, StatusCodes.Status200OK, RestResponse.Json, JsonAnswer.Of(answer)).ConfigureAwait(false);
        }
        finally
        {
            await inner.EndAsync().ConfigureAwait(false);
        }
    }

    private static async Task StreamAsync(HttpContext context, InnerCall inner)
    {
        var response = context.Response;
        response.ContentType = RestResponse.Json;
        try
        {
            while (await inner.NextAsync().ConfigureAwait(false) is { } message)
            {
                if (!response.HasStarted)
                    SetMetadata(context);
                response.BodyWriter.Write(Encoding.UTF8.GetBytes(JsonAnswer.OfStream(message)));
                await response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }
            if (inner.Status.Code == RpcCode.Ok)
                return;
            if (!response.HasStarted)
                response.StatusCode = HttpStatus.Of(inner.Status.Code).Status;
            response.BodyWriter.Write(Encoding.UTF8.GetBytes(JsonAnswer.OfStreamError(inner.Status)));
            await response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            await inner.EndAsync().ConfigureAwait(false);
        }
    }

    private static void SetMetadata(HttpContext context) => context.Response.Headers["Grpc-Metadata-Content-Type"] = "application/grpc";

    private static Task FailAsync(HttpContext context, RpcStatus status) =>
        RestResponse.WriteAsync(context, HttpStatus.Of(status.Code).Status, RestResponse.Json, JsonAnswer.OfError(status));

    private static Dictionary<string, RequestDelegate> MethodsOf(EndpointDataSource endpoints) => endpoints.Endpoints
        .Where(static endpoint => endpoint.RequestDelegate is not null && endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null)
        .ToDictionary(static endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()!.Method.FullName, static endpoint => endpoint.RequestDelegate!);
}
