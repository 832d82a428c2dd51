using ApiGateway.Core.Errors;
using ApiGateway.Core.Versions;

namespace ApiGateway.Tests.Core;

public sealed class DowngradeRuleTests
{
    [Theory]
    [InlineData("3.4", "3.4.0")]
    [InlineData("3.4.7", "3.4.0")]
    [InlineData("3.4.0-rc.1+x", "3.4.0")]
    public void Decide_OneMinorBelow_IsTheTarget(string asked, string expected)
    {
        Assert.Equal(EtcdError.None, DowngradeRule.Decide(asked, "3.5.0", out var target));
        Assert.Equal(expected, target);
    }

    [Theory]
    [InlineData("3.5", EtcdError.InvalidDowngradeTarget)]
    [InlineData("3.3.0", EtcdError.InvalidDowngradeTarget)]
    [InlineData("2.4.0", EtcdError.InvalidDowngradeTarget)]
    [InlineData("", EtcdError.WrongDowngradeVersionFormat)]
    [InlineData("3", EtcdError.WrongDowngradeVersionFormat)]
    [InlineData("v3.4", EtcdError.WrongDowngradeVersionFormat)]
    [InlineData("3.4.0.1", EtcdError.WrongDowngradeVersionFormat)]
    [InlineData("3.4-rc", EtcdError.WrongDowngradeVersionFormat)]
    [InlineData("3.99999999999999999999.0", EtcdError.WrongDowngradeVersionFormat)]
    [InlineData("3.4.0\n", EtcdError.WrongDowngradeVersionFormat)]
    public void Decide_AnythingElse_IsRefused(string asked, EtcdError expected) => Assert.Equal(expected, DowngradeRule.Decide(asked, "3.5.0", out _));

    [Fact]
    public void Decide_ClusterWithoutAVersion_SaysSo() => Assert.Equal(EtcdError.ClusterVersionUnavailable, DowngradeRule.Decide("3.4", "", out _));
}
