using EtcdApi.Authpb;
using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Tests.Database;
using Storage.Tests.Harness;

namespace Storage.Tests.Auth;

/// <summary>
/// Goal: users and roles are replicated state: the same after a crash, in a snapshot, in a database; their changes are counted as etcd counts them. Method: commands to a
/// state machine. Errors and their order are compared with etcd elsewhere.
/// </summary>
public sealed class AuthCommandTests
{
    private readonly Replica _replica = new();

    [Fact]
    public void Revision_Changes_CountAndNothingElseDoes()
    {
        Assert.Equal(1UL, Revision);
        Add("root", "hash");
        Assert.Equal(2UL, Revision);
        Assert.Equal(StorageError.UserExists, _replica.Do(new AuthUserAddRequest { Name = "root" }).Error);
        Grant("root", "root");
        Grant("root", "root");
        Assert.Equal(3UL, Revision);
        Assert.Equal(StorageError.None, _replica.Do(new AuthEnableRequest()).Error);
        Assert.Equal(StorageError.None, _replica.Do(new AuthEnableRequest()).Error);
        Assert.Equal(3UL, Revision);
        _replica.Do(new AuthDisableRequest());
        _replica.Do(new AuthDisableRequest());
        Assert.Equal(4UL, Revision);
        Assert.Equal(1L, _replica.State.Current.Revision);
    }

    [Fact]
    public void TokenKey_FirstOne_IsKeptUntilNobodyHasToLogIn()
    {
        _replica.Do(new AuthTokenKey { Key = Requests.Utf8("early") });
        Assert.True(Status("root").TokenKey.IsEmpty);
        Enable();
        _replica.Do(new AuthTokenKey { Key = Requests.Utf8("first") });
        _replica.Do(new AuthTokenKey { Key = Requests.Utf8("second") });
        Assert.Equal("first"u8.ToArray(), Status("root").TokenKey.ToArray());
        _replica.Do(new AuthDisableRequest());
        _replica.Do(new AuthEnableRequest());
        Assert.True(Status("root").TokenKey.IsEmpty);
    }

    [Fact]
    public void State_AfterACrash_IsTheSame()
    {
        Fill();
        _replica.Commit();
        var committed = _replica.Log.Count;
        Add("late", "hash");
        var after = _replica.AfterCrash(_replica.Log.Skip(committed));
        Assert.Equal(Show(_replica), Show(after));
        Assert.Equal("key"u8.ToArray(), StateReads.Auth(after.State.Current, "root").TokenKey.ToArray());
    }

    [Fact]
    public void State_InADatabase_GoesAlongWithoutTheKeyOfTheTokens()
    {
        Fill();
        _replica.Commit();
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(_replica.Tree));
        Assert.Equal(Show(_replica), Show(copy));
        Assert.True(copy.State.Current.Auth.IsEnabled);
        Assert.True(StateReads.Auth(copy.State.Current, "root").TokenKey.IsEmpty);
        Assert.Equal(StorageError.UserEmpty, AsAnonymous(copy).RangeError(Requests.Range("a")));
    }

    [Fact]
    public void Roles_Deleted_AreTakenFromTheirUsers()
    {
        Fill();
        _replica.Do(new AuthRoleDeleteRequest { Role = "reader" });
        Assert.Empty(_replica.Ok<AuthUserGetResponse>(new AuthUserGetRequest { Name = "ann" }).Roles);
        Assert.Equal(StorageError.RoleNotFound, _replica.Do(new AuthRoleGetRequest { Role = "reader" }).Error);
    }

    [Fact]
    public void Names_LongerThanAKey_AreRefused()
    {
        var name = new string('n', 1_025);
        Assert.Equal(StorageError.InvalidAuthManagement, _replica.Do(new AuthUserAddRequest { Name = name }).Error);
        Assert.Equal(StorageError.InvalidAuthManagement, _replica.Do(new AuthRoleAddRequest { Name = name }).Error);
        Assert.Equal(StorageError.None, _replica.Do(new AuthRoleAddRequest { Name = name[1..] }).Error);
    }

    [Fact]
    public void Command_OfAnUnreadableRequest_IsMalformed() =>
        Assert.Equal(StorageError.Malformed, _replica.Apply(CommandKind.UserAdd, [0xff]).Error);

    private ulong Revision => _replica.Ok<AuthStatusResponse>(new AuthStatusRequest()).AuthRevision;

    private static Replica AsAnonymous(Replica replica)
    {
        replica.Caller = Caller.Anonymous;
        return replica;
    }

    private AuthStatus Status(string user) => StateReads.Auth(_replica.State.Current, user);

    private void Add(string name, string hash) => Assert.Equal(StorageError.None, _replica.Do(new AuthUserAddRequest
    {
        Name = name, HashedPassword = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(hash)),
    }).Error);

    private void Grant(string user, string role) =>
        Assert.Equal(StorageError.None, _replica.Do(new AuthUserGrantRoleRequest { User = user, Role = role }).Error);

    private void Enable()
    {
        Add("root", "hash");
        Grant("root", "root");
        Assert.Equal(StorageError.None, _replica.Do(new AuthEnableRequest()).Error);
    }

    private void Fill()
    {
        Enable();
        _replica.Do(new AuthTokenKey { Key = Requests.Utf8("key") });
        _replica.Do(new AuthRoleAddRequest { Name = "reader" });
        _replica.Do(new AuthRoleGrantPermissionRequest { Name = "reader", Perm = new Permission { Key = Requests.Utf8("a"), RangeEnd = Requests.Utf8("b") } });
        _replica.Do(new AuthUserAddRequest { Name = "ann", Options = new UserAddOptions { NoPassword = true } });
        Grant("ann", "reader");
    }

    private static string Show(Replica replica)
    {
        var auth = replica.State.Current.Auth;
        var users = auth.Users.Values.Select(user =>
            $"{user.Name} {Convert.ToHexString(user.PasswordHash.Span)} {user.HasNoPassword} {string.Join('+', user.Roles)}");
        var roles = auth.Roles.Values.Select(role => $"{role.Name} " + string.Join('+', role.Permissions.Select(one =>
            $"{one.Type}:{Convert.ToHexString(one.Key.Span)}-{Convert.ToHexString(one.RangeEnd.Span)}")));
        return $"{auth.IsEnabled} {auth.Revision}\n{string.Join('\n', users)}\n{string.Join('\n', roles)}";
    }
}
