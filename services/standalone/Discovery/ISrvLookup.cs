using System.Net;

namespace Standalone.Discovery;

/// <summary>Where a service is, as DNS says.</summary>
/// <param name="Host">Its name, without the dot at the end.</param>
internal sealed record SrvTarget(string Host, int Port);

/// <summary>What is asked of DNS.</summary>
internal interface ISrvLookup
{
    /// <summary>The targets of a service, the preferred ones first.</summary>
    /// <param name="name">For example "_etcd-server._tcp.example.com".</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LookupFailedException">There are none, or nobody answers.</exception>
    Task<IReadOnlyList<SrvTarget>> FindAsync(string name, CancellationToken cancellation);

    /// <summary>The addresses of a host; empty when there are none.</summary>
    Task<IReadOnlyList<IPAddress>> AddressesOfAsync(string host, CancellationToken cancellation);
}

#pragma warning disable CA1032 // The message is all there is.
/// <summary>DNS has no answer; the message says to what, and whom was asked.</summary>
internal sealed class LookupFailedException(string message, Exception? inner = null) : Exception(message, inner);
