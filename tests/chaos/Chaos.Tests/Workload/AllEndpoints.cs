using Grpc.Core;
using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>
/// A client that knows every endpoint and retries by itself exactly what etcd's client library does with its defaults: requests go round the endpoints; a read is
/// sent again whenever an endpoint is unavailable, a write only when it was certainly not sent. Anything else is an error that its user sees.
/// </summary>
/// <remarks>Not thread-safe: the endpoint that is next is one client's.</remarks>
public sealed class AllEndpoints : IEtcdConnection
{
    // clientv3: defaultUnaryMaxRetries and defaultBackoffWaitBetween, waited each time a quorum of the endpoints was tried.
    private const int MaxAttempts = 100;
    private static readonly TimeSpan s_waitBetween = TimeSpan.FromMilliseconds(25);

    private readonly GrpcChannel[] _channels;
    private int _next;

    /// <param name="endpoints">All of them.</param>
    /// <param name="first">Whose turn it is first, so that clients do not move in step.</param>
    public AllEndpoints(IEnumerable<Uri> endpoints, int first)
    {
        _channels = [.. endpoints.Select(EtcdCalls.Connect)];
        _next = first;
    }

    public bool HasOtherEndpoints => true;

    public async Task<T> CallAsync<T>(Func<GrpcChannel, Task<T>> call, bool changesNothing)
    {
        var quorum = (_channels.Length / 2) + 1;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(ForStream());
            }
            catch (RpcException error) when (attempt < MaxAttempts && (Outcomes.WasNotSent(error) || (changesNothing && error.StatusCode == StatusCode.Unavailable)))
            {
                if (attempt % quorum == 0)
                    await Task.Delay(s_waitBetween);
            }
        }
    }

    public GrpcChannel ForStream() => _channels[_next++ % _channels.Length];

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Dispose();
    }
}
