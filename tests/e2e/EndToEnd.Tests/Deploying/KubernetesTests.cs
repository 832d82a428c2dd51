using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace EndToEnd.Tests.Deploying;

/// <summary>
/// Goal: the manifests fit together before a cluster sees them. Method: they are read as they are; every name that one object uses of another, every port, selector and setting is looked up.
/// What only a cluster knows (admission, scheduling) is not seen here.
/// </summary>
public sealed partial class KubernetesTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "deploy", "kubernetes");
    private static readonly IReadOnlyList<YamlNode> s_objects =
        [.. Files().Where(static file => file != "kustomization.yaml").SelectMany(static file => Yaml.Load(Path.Combine(s_folder, file)))];

    private static IEnumerable<YamlNode> Workloads => Of("StatefulSet").Concat(Of("Deployment"));

    [Fact]
    public void Kustomization_NamesEveryFileAndEveryImage()
    {
        var kustomization = Yaml.Load(Path.Combine(s_folder, "kustomization.yaml"))[0];
        Assert.Equal(Files().Where(static file => file != "kustomization.yaml").Order(), kustomization.Get("resources").Items().Select(static file => file.Text()!).Order());
        Assert.Equal(
            Workloads.Select(workload => Containers(workload).Single().Get("image").Text()!.Split(':')[0]).Order(),
            kustomization.Get("images").Items().Select(static image => image.Get("name").Text()!).Order());
        Assert.Equal(s_objects.Count, s_objects.Select(static one => (one.Get("kind").Text(), Name(one))).Distinct().Count());
    }

    [Fact]
    public void EachServiceOfTheStack_IsAWorkloadOfItsKind()
    {
        Assert.Equal(["consensus", "storage"], Of("StatefulSet").Select(Name).Order());
        Assert.Equal(["api-gateway", "lease-manager", "watch-hub"], Of("Deployment").Select(Name).Order());
        Assert.Equal("watch-hub", Of("HorizontalPodAutoscaler").Single().At("spec", "scaleTargetRef", "name").Text());
        // The autoscaler's number, not the manifest's: applying the file again must not undo it.
        Assert.Null(Workload("watch-hub").At("spec", "replicas"));
    }

    [Fact]
    public void Selectors_FindPodsAndPorts()
    {
        Assert.All(Workloads, static workload => Assert.Equal(Name(workload), Selected(workload.At("spec", "selector", "matchLabels")).Single()));
        Assert.All(Of("PodDisruptionBudget"), static budget => Assert.Equal(Name(budget), Selected(budget.At("spec", "selector", "matchLabels")).Single()));
        Assert.Equal(Workloads.Select(Name).Order(), Of("PodDisruptionBudget").Select(Name).Order());
        Assert.All(Of("Service"), static service =>
        {
            var pods = Workload(Selected(service.At("spec", "selector")).Single());
            var ports = Ports(pods);
            Assert.All(service.At("spec", "ports").Items(), port => Assert.Contains(port.Get("targetPort").Text(), ports.Keys));
        });
        Assert.All(Of("StatefulSet"), static set => Assert.Equal("None", Service(set.At("spec", "serviceName").Text()!).At("spec", "clusterIP").Text()));
        Assert.All(Of("NetworkPolicy"), static policy =>
        {
            var pods = Selected(policy.At("spec", "podSelector", "matchLabels"));
            Assert.NotEmpty(pods);
            foreach (var port in policy.At("spec", "ingress").Items().SelectMany(static rule => rule.Get("ports").Items()))
                Assert.All(pods, pod => Assert.Contains(port.Get("port").Text(), Ports(Workload(pod)).Keys));
        });
    }

    [Fact]
    public void Pods_AreConfinedAndProbedAndMountWhatThereIs() => Assert.All(Workloads, static workload =>
    {
        var pod = workload.At("spec", "template", "spec");
        var container = Containers(workload).Single();
        Assert.Equal(("true", "1654"), (pod.At("securityContext", "runAsNonRoot").Text(), pod.At("securityContext", "runAsUser").Text()));
        Assert.Equal(
            ("true", "false", "ALL"),
            (container.At("securityContext", "readOnlyRootFilesystem").Text(), container.At("securityContext", "allowPrivilegeEscalation").Text(),
                container.At("securityContext", "capabilities", "drop").Items().Single().Text()));
        Assert.NotNull(container.At("resources", "limits", "memory"));
        Assert.Equal(("/healthz", "health"), (container.At("readinessProbe", "httpGet", "path").Text(), container.At("readinessProbe", "httpGet", "port").Text()));
        Assert.Contains(container.At("livenessProbe", "tcpSocket", "port").Text(), Ports(workload).Keys);
        var volumes = pod.Get("volumes").Items().Select(static volume => volume.Get("name").Text())
            .Concat(workload.At("spec", "volumeClaimTemplates").Items().Select(static claim => claim.At("metadata", "name").Text()));
        Assert.Equal(volumes.Order(), container.Get("volumeMounts").Items().Select(static mount => mount.Get("name").Text()).Order());
        Assert.All(container.Get("envFrom").Items(), static from => Assert.Contains(from.At("configMapRef", "name").Text(), Of("ConfigMap").Select(Name)));
    });

    [Fact]
    public void Settings_AreKnownAndLeadToServices() => Assert.All(Workloads.SelectMany(Settings), static setting =>
    {
        Assert.Null(setting.Name == "POD_NAME" ? null : KnownSettings.WhyUnknown(setting.Name));
        foreach (Match address in Addresses().Matches(setting.Value))
        {
            var host = address.Groups["host"].Value;
            if (host == "0.0.0.0")
                continue;
            // "pod.service", or a service alone.
            var parts = host.Split('.');
            var service = Service(parts[^1]);
            Assert.Contains(service.At("spec", "ports").Items(), port => port.Get("port").Text() == address.Groups["port"].Value);
            if (parts.Length == 2 && parts[0] != "$(POD_NAME)")
                Assert.Contains(parts[0], Enumerable.Range(0, int.Parse(Workload(parts[1]).At("spec", "replicas").Text()!)).Select(n => $"{parts[1]}-{n}"));
        }
    });

    [Fact]
    public void Settings_UnknownOne_IsFound() => Assert.NotNull(KnownSettings.WhyUnknown("Storage__DataDirectoryOfNobody"));

    private static IEnumerable<string> Files() => Directory.GetFiles(s_folder, "*.yaml").Select(static file => Path.GetFileName(file));

    private static IEnumerable<YamlNode> Of(string kind) => s_objects.Where(one => one.Get("kind").Text() == kind);

    private static string Name(YamlNode one) => one.At("metadata", "name").Text()!;

    private static YamlNode Service(string name) => Assert.Single(Of("Service"), service => Name(service) == name);

    private static YamlNode Workload(string name) => Assert.Single(Workloads, workload => Name(workload) == name);

    private static IReadOnlyList<YamlNode> Containers(YamlNode workload) => workload.At("spec", "template", "spec", "containers").Items();

    private static Dictionary<string, string> Ports(YamlNode workload) =>
        Containers(workload).Single().Get("ports").Items().ToDictionary(static port => port.Get("name").Text()!, static port => port.Get("containerPort").Text()!);

    /// <summary>Names of the workloads whose pods have these labels.</summary>
    private static List<string> Selected(YamlNode? labels)
    {
        Assert.NotEmpty(labels.Pairs());
        return [.. Workloads.Where(workload => labels.Pairs().All(label => workload.At("spec", "template", "metadata", "labels", label.Key).Text() == label.Value.Text())).Select(Name)];
    }

    private static IEnumerable<(string Name, string Value)> Settings(YamlNode workload)
    {
        var container = Containers(workload).Single();
        return Of("ConfigMap").SelectMany(static map => map.Get("data").Pairs()).Select(static pair => (pair.Key, pair.Value.Text() ?? ""))
            .Concat(container.Get("env").Items().Select(static variable => (variable.Get("name").Text()!, variable.Get("value").Text() ?? "")));
    }

    [GeneratedRegex(@"(https?://|dns:///)(?<host>[^:/,]+):(?<port>\d+)")]
    private static partial Regex Addresses();
}
