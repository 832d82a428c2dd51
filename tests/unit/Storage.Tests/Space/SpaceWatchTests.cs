using System.Diagnostics;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Core.Space;
using Storage.Host;
using Storage.Tests.Harness;
using Storage.Tests.Host;

namespace Storage.Tests.Space;

/// <summary>Goal: a replica over its quota raises its alarm by itself, and clears it when there is space again. Method: a service on a tree of any size.</summary>
public sealed class SpaceWatchTests
{
    private const long Quota = 100 << 20;
    private const ulong Member = 0xb;

    private readonly FakeConsensus _consensus = new();
    private readonly MemoryTree _tree = new();
    private ulong _sequence;

    [Fact]
    public async Task OverQuotaAtStart_AlarmIsRaisedAlthoughNobodyWrites()
    {
        _tree.InUseBytes = Quota;
        await using var service = Open();
        await UntilAlarmsAsync(service, 1);
        Assert.Equal([(Member, 1)], (await service.GetStatusAsync(default)).Alarms);
    }

    [Fact]
    public async Task SpaceAgain_AfterACommit_AlarmIsCleared()
    {
        _tree.InUseBytes = Quota;
        await using var service = Open();
        await UntilAlarmsAsync(service, 1);
        _tree.InUseBytes = Quota / 2;
        // Anything that is applied leads to a commit, and that to a look.
        _consensus.Append(Command(Requests.Delete("x")));
        await UntilAlarmsAsync(service, 0);
    }

    [Fact]
    public async Task ProposalLost_IsMadeAgain()
    {
        _consensus.ProposalsToLose = 1;
        _tree.InUseBytes = Quota;
        await using var service = Open();
        await UntilAlarmsAsync(service, 1);
    }

    [Fact]
    public async Task Status_SaysQuotaAndWhoseAlarmItIs()
    {
        await using var service = Open();
        var status = await service.GetStatusAsync(default);
        Assert.Equal((Quota, Member), (status.QuotaBytes, status.AlarmMember));
    }

    private StorageService Open()
    {
        var options = new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(1), Quota = new Storage.Core.Space.Quota(Quota), AlarmMember = Member };
        var service = new StorageService(
            _consensus, new StorageData(_tree, new NullDevice(), null), options, TimeProvider.System, NullLogger<StorageService>.Instance,
            static (what, exception) => throw new UnreachableException(what, exception));
        service.Start();
        return service;
    }

    private byte[] Command(DeleteRangeRequest request) =>
        new CommandEnvelope(CommandKind.DeleteRange, new SessionId(5), ++_sequence, _sequence, 1, default).Encode(request.ToByteArray());

    private static async Task UntilAlarmsAsync(StorageService service, int count)
    {
        using var patience = new CancellationTokenSource(StorageContractTests.Patience);
        await foreach (var _ in service.LeasesAsync(patience.Token)) // Tells of every entry that is applied.
            if ((await service.GetStatusAsync(default)).Alarms.Count == count)
                return;
    }
}
