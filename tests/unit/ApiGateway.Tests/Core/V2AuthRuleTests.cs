using System.Text;
using ApiGateway.Core.V2.Auth;

namespace ApiGateway.Tests.Core;

/// <summary>Goal: users and roles of v2 change, and allow, as etcd 3.4's do (v2-api §9). Method: single rules; whole answers are compared in conformance.</summary>
public sealed class V2AuthRuleTests
{
    [Theory]
    [InlineData("/fleet/*", "/fleet/a", false, true)]
    [InlineData("/fleet/*", "/fleet/", false, true)]
    [InlineData("/fleet/*", "/fleet", false, false)]
    [InlineData("/fleet/*", "/fleet/", true, true)]
    [InlineData("/fleet/*", "/fleet", true, false)]
    [InlineData("/fleet*", "/fleet", true, true)]
    [InlineData("/fleet", "/fleet", false, true)]
    [InlineData("/fleet", "/fleet", true, false)]
    [InlineData("/fleet", "/fleet/a", false, false)]
    [InlineData("/*", "/", true, true)]
    [InlineData("/*", "", false, false)]
    [InlineData("*", "", true, true)]
    [InlineData("/a*b", "/axb", false, false)]
    public void Allows_Pattern_ExactOrPrefix(string pattern, string path, bool recursive, bool allowed)
    {
        Assert.Equal(allowed, new V2Role("r", [pattern], null).Allows(path, recursive, write: false));
        Assert.Equal(allowed, new V2Role("r", null, [pattern]).Allows(path, recursive, write: true));
        Assert.False(new V2Role("r", [pattern], null).Allows(path, recursive, write: true));
    }

    [Fact]
    public void Allows_RoleRoot_Everything() => Assert.True(V2Role.Root.Allows("", recursive: true, write: true));

    [Fact]
    public void ChangeUser_GrantAndRevoke_SortsByBytes()
    {
        var user = new V2User("u", "h", ["b", "é", "b"]).Change(["a", "z"], ["b"], null, out var error);
        Assert.Null(error);
        Assert.Equal(["a", "z", "é"], user!.Roles!);
        Assert.Equal("h", user.PasswordHash);
    }

    [Theory]
    [InlineData("a", "", "auth: Granting duplicate role a for user u")]
    [InlineData("", "c", "auth: Revoking ungranted role c for user u")]
    [InlineData("c", "c", "auth: User not updated. Use grant/revoke/password to update the user.")]
    [InlineData("", "", "auth: User not updated. Use grant/revoke/password to update the user.")]
    public void ChangeUser_Refused_SaysWhy(string grant, string revoke, string message)
    {
        Assert.Null(new V2User("u", "h", ["a", "b"]).Change(Words(grant), Words(revoke), null, out var error));
        Assert.Equal(message, error!.Message);
    }

    [Fact]
    public void ChangeUser_NoRolesYet_AnEmptyListIsAChange() => Assert.Empty(new V2User("u", "h", null).Change([], [], null, out _)!.Roles!);

    [Fact]
    public void UserRoot_WithoutItsRole_HasIt()
    {
        Assert.Equal(["k", "root"], new V2User("root", "h", ["k"]).WithRootRole().Roles!);
        Assert.Equal(["root"], new V2User("root", "h", null).WithRootRole().Roles!);
        Assert.Null(new V2User("ann", "h", null).WithRootRole().Roles);
    }

    [Fact]
    public void ChangeRole_RevokeOfWhatIsNotThere_IsNoChange()
    {
        Assert.Null(new V2Role("r", ["/a"], []).Change(V2Permissions.None, new(["/x"], null), out var error));
        Assert.Equal(400, error!.Status);
    }

    [Theory]
    [InlineData("{\"User\":\"u\",\"PASSWORD\":\"p\",\"other\":1} trailing", true)]
    [InlineData("null", true)]
    [InlineData("", false)]
    [InlineData("[]", false)]
    [InlineData("{\"user\":5}", false)]
    [InlineData("{\"roles\":[1]}", false)]
    [InlineData("{\"user\":\"u\"", false)]
    public void ReadUser_AsGosDecoderDoes(string json, bool isRead) => Assert.Equal(isRead, V2AuthRequests.ReadUser(Encoding.UTF8.GetBytes(json)) is not null);

    [Fact]
    public void Stored_ReadsBack()
    {
        var user = new V2User("a<b", "$2a$10$x", ["r", "é"]);
        var read = V2AuthRequests.ToUser(user.Name, V2AuthJson.Stored(user));
        Assert.Equal((user.PasswordHash, "r é"), (read.PasswordHash, string.Join(' ', read.Roles!)));
        var role = V2AuthRequests.ToRole("r", V2AuthJson.Stored(new V2Role("r", ["/a/*"], null)));
        Assert.Equal(["/a/*"], role.Read!);
        Assert.Null(role.Write);
    }

    [Theory]
    [InlineData("Basic YTpiOmM=", true)]
    [InlineData("basic YTpiOmM=", true)]
    [InlineData("Basic YWJj", false)]
    [InlineData("Basic ???", false)]
    [InlineData("Basic", false)]
    [InlineData("Bearer YTpiOmM=", false)]
    public void BasicCredentials_AreNameAndRest(string header, bool isRead)
    {
        Assert.Equal(isRead, BasicCredentials.TryParse(header, out var credentials));
        Assert.Equal(isRead ? new BasicCredentials("a", "b:c") : default, credentials);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
