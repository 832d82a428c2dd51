using Consensus.Contracts;
using Consensus.Core.Membership;

namespace Consensus.Core.Raft;

// Messages are input: checked whole before anything changes.
public sealed partial class RaftNode
{
    private RaftError Check(in Message message)
    {
        if (message.To != _options.Self || message.From == _options.Self || message.From == default)
            return RaftError.UnknownPeer;
        if (message.Term.Value == 0 || !Enum.IsDefined(message.Kind))
            return RaftError.MalformedMessage;
        return message.Kind switch
        {
            // Requests are taken from anybody: this member's configuration may be behind. What counts towards a quorum is not.
            MessageKind.PreVoteAnswer or MessageKind.VoteAnswer or MessageKind.AppendAnswer or MessageKind.HeartbeatAnswer
                when PeerOf(message.From) is null => RaftError.UnknownPeer,
            MessageKind.AppendRequest => CheckEntries(message),
            MessageKind.Snapshot => message.Index.Value > 0 && message.IndexTerm.Value > 0 && message.IndexTerm <= message.Term
                && IsConfiguration(message.Data) ? RaftError.None : RaftError.MalformedMessage,
            _ => RaftError.None,
        };
    }

    private static RaftError CheckEntries(in Message message)
    {
        var index = message.Index;
        var term = message.IndexTerm;
        foreach (ref readonly var entry in message.Entries.AsSpan())
        {
            if (entry.Index != index.Next || entry.Term < term || entry.Term > message.Term || entry.Kind > EntryKind.Configuration
                || (entry.Kind == EntryKind.Configuration && !IsConfiguration(entry.Data)))
            {
                return RaftError.MalformedMessage;
            }
            index = entry.Index;
            term = entry.Term;
        }
        return RaftError.None;
    }

    private static bool IsConfiguration(ReadOnlyMemory<byte> data) =>
        ConfigurationFormat.TryDecode(data.Span, out var configuration) && ConfigurationRules.IsValid(configuration);
}
