namespace EndToEnd.Tests.Tools;

/// <summary>A program that some tests need and a machine may lack.</summary>
public enum Tool
{
    /// <summary>Real etcdctl 3.5: <c>ETCDCTL</c>, or in PATH.</summary>
    Etcdctl,

    /// <summary>Real etcd 3.5, the oracle: <c>ETCD</c>, or in PATH.</summary>
    Etcd,

    /// <summary>Real etcdutl 3.5: <c>ETCDUTL</c>, beside <c>ETCD</c>, or in PATH.</summary>
    Etcdutl,

    /// <summary>Real etcd 3.4 with its etcdctl beside it: <c>ETCD_V2</c>.</summary>
    Etcd34,

    /// <summary>docker with compose v2, and a daemon that answers.</summary>
    ContainerEngine,

    /// <summary>Python 3 (<c>PYTHON</c>, or the system's) with etcd3, etcd3gw, python-etcd and tooz.</summary>
    PythonClients,

    /// <summary>node with the npm packages etcd3 and node-etcd in <c>NODE_PATH</c>.</summary>
    NodeClients,

    /// <summary>A name server of a test's own for the processes that it starts: root, <c>unshare</c> and <c>mount</c>.</summary>
    OwnResolver,

    /// <summary>Patroni and the programs of a PostgreSQL server.</summary>
    Patroni,

    /// <summary>RabbitMQ's server (<c>RABBITMQ_SERVER</c>, or where Debian has it) and epmd.</summary>
    RabbitMq,

    /// <summary>prometheus and promtool: <c>PROMETHEUS</c>, or in PATH; the other beside it.</summary>
    Prometheus,

    /// <summary>jq, in PATH.</summary>
    Jq,
}

/// <summary>On a test class: its tests are skipped, by the tool's name, where one is missing; they fail under <c>CI=true</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAttribute(params Tool[] tools) : Attribute
{
    public Tool[] Tools { get; } = tools;
}
