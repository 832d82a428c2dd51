using System.ComponentModel;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace EndToEnd.Tests.Tools;

/// <summary>A fact of a class that <see cref="NeedsAttribute"/> may mark: the same inherited test is skipped for one deployment and runs for another.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("EndToEnd.Tests.Tools.DeploymentFactDiscoverer", "EndToEnd.Tests")]
public sealed class DeploymentFactAttribute : FactAttribute;

/// <summary>Makes the cases of <see cref="DeploymentFactAttribute"/>.</summary>
public sealed class DeploymentFactDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        yield return new DeploymentTestCase(
            diagnostics, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod);
    }
}

/// <summary>A case that is skipped when a tool that its class needs is missing.</summary>
public sealed class DeploymentTestCase : XunitTestCase
{
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("For deserialisation only.")]
    public DeploymentTestCase()
    {
    }

    public DeploymentTestCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(diagnostics, display, options, method)
    {
    }

    protected override string GetSkipReason(IAttributeInfo factAttribute)
    {
        var own = base.GetSkipReason(factAttribute);
        if (own is not null || Toolbox.IsCi)
            return own!;
        var needs = TestMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsAttribute)).FirstOrDefault();
        var tools = needs?.GetNamedArgument<Tool[]>(nameof(NeedsAttribute.Tools)) ?? [];
        return tools.Select(Toolbox.WhyMissing).FirstOrDefault(reason => reason is not null)!;
    }
}
