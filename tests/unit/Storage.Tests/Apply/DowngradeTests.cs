using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Tests.Harness;
using Action = EtcdApi.Etcdserverpb.DowngradeRequest.Types.DowngradeAction;

namespace Storage.Tests.Apply;

/// <summary>Goal: one downgrade at a time, known to every replica and after every restart. Method: the commands, on one replica and on what it leaves behind.</summary>
public sealed class DowngradeTests
{
    private static readonly DowngradeRequest s_enable = new() { Action = Action.Enable, Version = "3.4.0" };
    private static readonly DowngradeRequest s_cancel = new() { Action = Action.Cancel };
    private readonly Replica _replica = new();

    [Fact]
    public void Enable_ThenAgain_IsInProgressUntilItIsCancelled()
    {
        Assert.Equal(StorageError.NoDowngrade, _replica.Do(s_cancel).Error);
        Assert.Equal((StorageError.None, 1), (_replica.Do(s_enable) is var result ? result.Error : default, result.Revision));
        Assert.Equal("3.4.0", _replica.State.Current.DowngradeTarget);
        Assert.Equal(StorageError.DowngradeInProgress, _replica.Do(s_enable).Error);
        Assert.Equal(StorageError.None, _replica.Do(s_cancel).Error);
        Assert.Equal("", _replica.State.Current.DowngradeTarget);
        Assert.Equal(StorageError.None, _replica.Do(s_enable).Error);
    }

    [Theory]
    [InlineData(Action.Validate, "3.4.0")]
    [InlineData(Action.Enable, "")]
    [InlineData((Action)3, "3.4.0")]
    public void Request_ThatNoGatewayProposes_IsMalformed(Action action, string version) =>
        Assert.Equal(StorageError.Malformed, _replica.Do(new DowngradeRequest { Action = action, Version = version }).Error);

    [Fact]
    public void Job_AfterARestart_IsStillThere_AndSoIsItsEnd()
    {
        _replica.Do(s_enable);
        _replica.Commit();
        Assert.Equal("3.4.0", _replica.AfterCrash([]).State.Current.DowngradeTarget);
        _replica.Do(s_cancel);
        _replica.Commit();
        Assert.Equal("", _replica.AfterCrash([]).State.Current.DowngradeTarget);
    }

    [Fact]
    public void Request_OfAUserWhoIsNoAdministrator_IsDenied()
    {
        foreach (var user in (string[])["root", "ann"])
            _replica.Do(new AuthUserAddRequest { Name = user });
        _replica.Do(new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        Assert.Equal(StorageError.None, _replica.Do(new AuthEnableRequest()).Error);
        _replica.Caller = Caller.Of("ann", (ulong)_replica.State.Current.Auth.Revision);
        Assert.Equal(StorageError.PermissionDenied, _replica.Do(s_enable).Error);
    }
}
