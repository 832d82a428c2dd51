using ApiGateway.Host.Limits;
using ApiGateway.Host.Proposing;
using Storage.Contracts;

namespace ApiGateway.Host.Auth;

/// <summary>Proposes commands on behalf of whoever sent a request. Thread-safe.</summary>
internal sealed class CallerProposals(Callers callers, Proposer proposer, ApplyLag lag)
{
    /// <inheritdoc cref="Proposer.ProposeAsync"/>
    public ValueTask<CommandResult> ProposeAsync(HttpContext http, CommandKind kind, byte[] payload, Purpose purpose = Purpose.Keys)
    {
        lag.Admit();
        return callers.CallAsync(
            http, purpose, (proposer, kind, payload), static (of, caller) => of.proposer.ProposeAsync(of.kind, of.payload, caller), Callers.RefusalOf);
    }
}
