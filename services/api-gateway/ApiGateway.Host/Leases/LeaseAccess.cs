using ApiGateway.Host.Auth;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Leases;

/// <summary>Whose leases the caller of one stream may keep alive: those whose keys it may write.</summary>
internal sealed class LeaseAccess(Callers callers, HttpContext http)
{
    public ValueTask RequireAsync(long lease, CancellationToken cancellation) => callers.IsKnownDisabled
        ? default
        : callers.RequireAsync(http, new AccessRequest(AccessKind.Lease, IsWrite: true) { Lease = lease }, cancellation);
}
