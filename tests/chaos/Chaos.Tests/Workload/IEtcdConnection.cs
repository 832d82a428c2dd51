using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>How one client's requests reach the cluster.</summary>
public interface IEtcdConnection : IDisposable
{
    /// <summary>True when a stream that has ended may go on at another endpoint.</summary>
    bool HasOtherEndpoints { get; }

    /// <summary>Makes a call.</summary>
    /// <param name="call">Makes it on a channel; called again for each attempt.</param>
    /// <param name="changesNothing">It may be made twice.</param>
    Task<T> CallAsync<T>(Func<GrpcChannel, Task<T>> call, bool changesNothing);

    /// <summary>The channel for the next stream.</summary>
    GrpcChannel ForStream();
}
