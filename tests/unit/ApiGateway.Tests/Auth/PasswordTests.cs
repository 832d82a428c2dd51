using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Host;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;

namespace ApiGateway.Tests.Auth;

/// <summary>Goal: hashes are etcd's, both ways. Method: hashes that a real etcd stored; and our own.</summary>
public sealed class PasswordTests : IDisposable
{
    private readonly Passwords _passwords = new(new GatewayOptions { BcryptCost = 4 });

    public void Dispose() => _passwords.Dispose();

    [Theory]
    [InlineData("rp", "$2a$10$nJ26IFUQ2xG/f.qVthHgWOFw2KIIn/Ncscvf9wfbEhxGNt5GbEsm2", true)]
    [InlineData("rP", "$2a$10$nJ26IFUQ2xG/f.qVthHgWOFw2KIIn/Ncscvf9wfbEhxGNt5GbEsm2", false)]
    [InlineData("", "$2a$10$rRS68DyQwtYwZmx3S1SikuOyhmlFeynwcn.htf.V7v63AjS8ptpV2", true)]
    [InlineData("x", "$2a$10$rRS68DyQwtYwZmx3S1SikuOyhmlFeynwcn.htf.V7v63AjS8ptpV2", false)]
    [InlineData("x", "", false)]
    [InlineData("x", "no hash", false)]
    public async Task Verify_HashOfEtcd_IsOfThatPassword(string password, string hash, bool expected) =>
        Assert.Equal(expected, await _passwords.VerifyAsync(password, Encoding.ASCII.GetBytes(hash), CancellationToken.None));

    [Fact]
    public async Task Verify_LongestPassword_TakesNoNoticeOfMore()
    {
        var hash = Encoding.ASCII.GetBytes("$2a$10$xvBwnRo6Se56FFW6IbWK8.s1MXCVpDMuJYGgvk2bFnqqxzmk.VLg6");
        Assert.True(await _passwords.VerifyAsync(new string('x', 72), hash, CancellationToken.None));
        Assert.True(await _passwords.VerifyAsync(new string('x', 90), hash, CancellationToken.None));
        Assert.False(await _passwords.VerifyAsync(new string('x', 71), hash, CancellationToken.None));
    }

    [Fact]
    public async Task Hash_OfAPassword_HasTheCostAndASaltOfItsOwn()
    {
        var (one, other) = (await _passwords.HashAsync("secret\u00e9", CancellationToken.None), await _passwords.HashAsync("secret\u00e9", CancellationToken.None));
        Assert.StartsWith("$2a$04$", Encoding.ASCII.GetString(one), StringComparison.Ordinal);
        Assert.NotEqual(one, other);
        Assert.True(await _passwords.VerifyAsync("secret\u00e9", one, CancellationToken.None));
    }

    [Fact]
    public async Task Hash_OfMoreThanCounts_IsRefused() => Assert.Equal(
        EtcdError.PasswordTooLong,
        (await Assert.ThrowsAsync<RequestFailedException>(() => _passwords.HashAsync(new string('x', 73), CancellationToken.None))).Error);

    [Theory]
    [InlineData(4, 4)]
    [InlineData(31, 31)]
    [InlineData(3, 10)]
    [InlineData(32, 10)]
    public void Cost_ThatCannotBe_IsTheUsualOne(ulong asked, int expected) => Assert.Equal(expected, Passwords.CostOf(asked));
}
