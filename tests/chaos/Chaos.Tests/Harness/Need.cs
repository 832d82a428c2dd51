namespace Chaos.Tests.Harness;

/// <summary>What a fault needs of the machine.</summary>
[Flags]
public enum Need
{
    None = 0,

    /// <summary>A file system of a member's own: root, loop devices, <c>mkfs.ext4</c>, <c>mount</c>, <c>fsfreeze</c>.</summary>
    OwnDisk = 1,

    /// <summary>A clock of a member's own: libfaketime, and a program that asks the C library for the time.</summary>
    OwnClock = 2,

    /// <summary>docker with compose v2; the images are built from the working copy.</summary>
    ContainerEngine = 4,

    /// <summary>Rules inside a container's network, set from outside: root, <c>nsenter</c>, <c>iptables</c>, and an engine on this machine.</summary>
    ContainerNetwork = 8,
}
