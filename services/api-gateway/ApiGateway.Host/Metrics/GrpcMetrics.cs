using Grpc.Core;
using Hosting.Metrics;

namespace ApiGateway.Host.Metrics;

/// <summary>What etcd counts of gRPC calls and their bytes. All series exist from the start.</summary>
internal sealed class GrpcMetrics : IMetricSource
{
    private static readonly StatusCode[] s_codes = Enum.GetValues<StatusCode>();
    private static readonly string[] s_methodLabels = ["grpc_method", "grpc_service", "grpc_type"];

    private readonly Labeled<Counter> _started = new(static () => new Counter(), s_methodLabels);
    private readonly Labeled<Counter> _received = new(static () => new Counter(), s_methodLabels);
    private readonly Labeled<Counter> _sent = new(static () => new Counter(), s_methodLabels);
    private readonly Labeled<Counter> _handled = new(static () => new Counter(), ["grpc_code", .. s_methodLabels]);
    private readonly Labeled<Histogram>? _seconds;

    public GrpcMetrics(GatewayOptions options)
    {
        _seconds = options.ExtensiveMetrics ? new(static () => new Histogram(Buckets.Default), s_methodLabels) : null;
        foreach (var (service, method, type) in EtcdMethods.All)
            Of(service, method, type);
    }

    public ClientRequests Requests { get; } = new();

    public Counter ReceivedBytes { get; } = new();

    public Counter SentBytes { get; } = new();

    public Gauge WatchStreams { get; } = new();

    /// <summary>The counters of a method.</summary>
    public MethodMetrics Of(string service, string method, MethodType type)
    {
        string[] labels = [method, service, EtcdMethods.TypeName(type)];
        var handled = new Counter[s_codes.Length];
        foreach (var code in s_codes)
            handled[(int)code] = _handled.With([EtcdMethods.CodeName(code), .. labels]);
        return new MethodMetrics(
            this, _started.With(labels), _received.With(labels), _sent.With(labels), handled, _seconds?.With(labels), type != MethodType.Unary);
    }

    public void Describe(MetricRegistry registry)
    {
        registry.Add("grpc_server_started_total", "Total number of RPCs started on the server.", _started);
        registry.Add("grpc_server_handled_total", "Total number of RPCs completed on the server, regardless of success or failure.", _handled);
        registry.Add("grpc_server_msg_received_total", "Total number of RPC stream messages received on the server.", _received);
        registry.Add("grpc_server_msg_sent_total", "Total number of gRPC stream messages sent by the server.", _sent);
        if (_seconds is not null)
            registry.Add("grpc_server_handling_seconds", "Seconds from the start of an RPC to its end on the server.", _seconds);
        registry.Add("etcd_server_client_requests_total", "The total number of client requests per client version.", Requests.Counters);
        registry.Add("etcd_debugging_mvcc_watch_stream_total", "Total number of watch streams.", WatchStreams);
        registry.Add("etcd_network_client_grpc_received_bytes_total", "The total number of bytes received from grpc clients.", ReceivedBytes);
        registry.Add("etcd_network_client_grpc_sent_bytes_total", "The total number of bytes sent to grpc clients.", SentBytes);
    }
}
