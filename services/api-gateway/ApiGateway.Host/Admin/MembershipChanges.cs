using System.Security.Cryptography;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Membership;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using Consensus.Contracts;
using Hosting.Metrics;

namespace ApiGateway.Host.Admin;

/// <summary>Changes of the membership on behalf of v3 and v2 clients: each under a random id, so that asking again makes it once.</summary>
internal sealed class MembershipChanges(
    IConsensus consensus, ClusterView cluster, GatewayOptions options, TimeProvider time, ILogger<MembershipChanges> logger)
{
    /// <summary>Learners that became voters.</summary>
    public Counter Promotions { get; } = new();

    /// <summary>Learners that did not, by the error.</summary>
    public Labeled<Counter> PromotionsRefused { get; } = new(static () => new Counter(), "Reason");

    /// <param name="peerUrls">Checked and sorted.</param>
    /// <param name="isLearner">Without a vote at first.</param>
    /// <returns>The id that the member has got, and the outcome.</returns>
    public async Task<(MemberId Id, MembershipResult Result)> AddAsync(IReadOnlyList<string> peerUrls, bool isLearner)
    {
        var id = MemberIdRule.Derive(peerUrls, time.GetUtcNow().ToUnixTimeSeconds());
        var kind = isLearner ? MembershipChangeKind.AddLearner : MembershipChangeKind.AddVoter;
        return (id, await ChangeAsync(new MembershipChange(NewChangeId(), kind, id) { PeerUrls = peerUrls }, EtcdError.Timeout).ConfigureAwait(false));
    }

    public Task<MembershipResult> RemoveAsync(MemberId member) =>
        ChangeAsync(new MembershipChange(NewChangeId(), MembershipChangeKind.Remove, member), EtcdError.Timeout);

    /// <param name="member">Whom.</param>
    /// <param name="peerUrls">Checked and sorted.</param>
    public Task<MembershipResult> UpdateAsync(MemberId member, IReadOnlyList<string> peerUrls) =>
        ChangeAsync(new MembershipChange(NewChangeId(), MembershipChangeKind.UpdatePeerUrls, member) { PeerUrls = peerUrls }, EtcdError.Timeout);

    // The one change that etcd asks of the leader itself, and so the one that says it found none.
    public async Task<MembershipResult> PromoteAsync(MemberId member)
    {
        var result = await ChangeAsync(new MembershipChange(NewChangeId(), MembershipChangeKind.Promote, member), EtcdError.NoLeader).ConfigureAwait(false);
        if (EtcdErrors.Of(result.Error) is var error and not EtcdError.None)
            PromotionsRefused.With(EtcdErrors.Status(error).Message).Increment();
        else
            Promotions.Increment();
        return result;
    }

    /// <exception cref="RequestFailedException">No leader made or refused it in time; nobody knows whether it will be made.</exception>
    private async Task<MembershipResult> ChangeAsync(MembershipChange change, EtcdError onTimeout)
    {
        // Not the client's token: a change that was asked for is seen through, whether or not its client is still there.
        using var deadline = new CancellationTokenSource(options.RequestTimeout, time);
        var outcome = "no leader answered in time";
        try
        {
            var result = await consensus.ChangeMembershipAsync(change, deadline.Token).AsTask().WaitAsync(deadline.Token).ConfigureAwait(false);
            outcome = result.Error.ToString();
            return result;
        }
        catch (Exception exception) when (exception is OperationCanceledException or NoLeaderException or LogUnavailableException)
        {
            throw new RequestFailedException(onTimeout);
        }
        finally
        {
            logger.MembershipChanged(change.Kind.ToString(), change.Member.ToString(), outcome);
            cluster.LookNow();
        }
    }

    private static ulong NewChangeId()
    {
        Span<byte> id = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(id);
        return BitConverter.ToUInt64(id);
    }
}
