using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>A client that knows one endpoint and retries nothing: it sees whatever goes wrong there.</summary>
public sealed class OneEndpoint(Uri endpoint) : IEtcdConnection
{
    private readonly GrpcChannel _channel = EtcdCalls.Connect(endpoint);

    public bool HasOtherEndpoints => false;

    public Task<T> CallAsync<T>(Func<GrpcChannel, Task<T>> call, bool changesNothing) => call(_channel);

    public GrpcChannel ForStream() => _channel;

    public void Dispose() => _channel.Dispose();
}
