namespace Consensus.Host.Peers;

/// <summary>A member does not admit this one.</summary>
internal sealed class PeerRefusedException(PeerRefusal refusal) : Exception(PeerRefusals.Text(refusal))
{
    public PeerRefusal Refusal => refusal;
}
