using System.Diagnostics;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Limits;
using ApiGateway.Host.Metrics;
using ApiGateway.Host.Slow;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>Adds methods whose requests are raw bytes to a gRPC service, and counts their calls.</summary>
internal sealed class MethodBinder<TService>(
    ServiceMethodProviderContext<TService> context, string serviceName, GatewayOptions options, GrpcMetrics metrics)
    where TService : class
{
    public void Unary(string name, Func<TService, byte[], ServerCallContext, Task<Reply>> method) =>
        Unary(name, (service, request, call) => new ValueTask<Reply>(method(service, request, call)));

    /// <summary>For what is called most: its state may be pooled, since it is awaited here once.</summary>
    public void Unary(string name, Func<TService, byte[], ServerCallContext, ValueTask<Reply>> method)
    {
        var counts = metrics.Of(serviceName, name, MethodType.Unary);
        var description = Describe(MethodType.Unary, name, counts);
        context.AddUnaryMethod(description, [], (service, request, call) =>
            call.Method == description.FullName ? Run(counts, method, service, request, call) : throw Unknown(call));
    }

    public void ServerStreaming(string name, ServerStreamingServerMethod<TService, byte[], Reply> method)
    {
        var counts = metrics.Of(serviceName, name, MethodType.ServerStreaming);
        var description = Describe(MethodType.ServerStreaming, name, counts);
        context.AddServerStreamingMethod(description, [], (service, request, replies, call) =>
            call.Method == description.FullName ? RunAsync(counts, method(service, request, replies, call), call) : throw Unknown(call));
    }

    public void Duplex(string name, DuplexStreamingServerMethod<TService, byte[], Reply> method)
    {
        var counts = metrics.Of(serviceName, name, MethodType.DuplexStreaming);
        var description = Describe(MethodType.DuplexStreaming, name, counts);
        context.AddDuplexStreamingMethod(description, [], (service, requests, responses, call) =>
            call.Method == description.FullName ? RunAsync(counts, method(service, requests, responses, call), call) : throw Unknown(call));
    }

    private Task<Reply> Run(
        MethodMetrics counts, Func<TService, byte[], ServerCallContext, ValueTask<Reply>> method, TService service, byte[] request, ServerCallContext call)
    {
        counts.Started(call.GetHttpContext());
        var start = Stopwatch.GetTimestamp();
        var running = method(service, request, call);
        if (!running.IsCompletedSuccessfully)
            return RunAsync(counts, running, call, start);
        var reply = running.Result;
        if (reply.IsLarge || reply.Stamps.Arrived != 0)
            return RunAsync(counts, new ValueTask<Reply>(reply), call, start);
        counts.Handled(StatusCode.OK);
        // A read that waited for nobody: if that took long, storage says so.
        counts.Took(call, start);
        return Task.FromResult(reply);
    }

    private async Task<Reply> RunAsync(MethodMetrics counts, ValueTask<Reply> running, ServerCallContext call, long start)
    {
        Reply? reply = null;
        Exception? failure = null;
        try
        {
            reply = await running.ConfigureAwait(false);
            if (reply.IsLarge)
                call.GetHttpContext().RequestServices.GetRequiredService<AnswerRoom>().Take(call.GetHttpContext(), reply.BodyBytes);
            counts.Handled(StatusCode.OK);
            return reply;
        }
        catch (Exception exception) when (counts.Failed(failure = exception, call))
        {
            throw;
        }
        finally
        {
            counts.Took(call, start);
            var ended = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(start, ended) > options.WarningRequestDuration)
                TellSlow(call, start, ended, reply, failure);
        }
    }

    private static void TellSlow(ServerCallContext call, long start, long ended, Reply? reply, Exception? failure)
    {
        var http = call.GetHttpContext();
        http.RequestServices.GetRequiredService<SlowRequests>().Tell(http, call.Method, start, ended, reply?.Stamps ?? default, failure);
    }

    // The call has begun already: what its handler throws at once is in its task.
    private static async Task RunAsync(MethodMetrics counts, Task running, ServerCallContext call)
    {
        counts.Started(call.GetHttpContext());
        var start = counts.Seconds is null ? 0 : Stopwatch.GetTimestamp();
        try
        {
            await running.ConfigureAwait(false);
            // Streams that nobody ends from here end in silence when their client leaves.
            counts.Handled(call.CancellationToken.IsCancellationRequested ? StatusCode.Cancelled : StatusCode.OK);
        }
        catch (Exception exception) when (counts.Failed(exception, call))
        {
            throw;
        }
        finally
        {
            counts.Took(call, start);
        }
    }

    // ASP.NET's routing takes no notice of case, gRPC does: "range" is no method.
    private RpcException Unknown(ServerCallContext call)
    {
        var status = EtcdErrors.Unimplemented(call.Method, service => service == serviceName);
        return new RpcException(new Status((StatusCode)status.Code, status.Message), status.Message);
    }

    private Method<byte[], Reply> Describe(MethodType type, string name, MethodMetrics counts) =>
        new(type, serviceName, name, RawRequest.Marshaller(options.MaxMessageBytes, counts), Reply.Marshaller(counts));
}
