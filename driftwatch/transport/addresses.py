"""Which addresses a server that a user names may have."""

from __future__ import annotations

import ipaddress

__all__ = ["ForbiddenAddressError", "is_public", "refuse_private"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CARRYING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""Networks whose last 32 bits are an IPv4 address: NAT64, IPv4-compatible, IPv4-translated."""
_NOT_OF_ONE_HOST = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "168.63.129.16/32",  # Azure's wire server, which gives its machines their settings
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata are at 192.0.0.192
            "192.88.99.0/24",  # relays of 6to4, which pass on to what a packet inside names
        ),
    )
)
"""Networks that Python takes for global, or did in some version, and that are not.

Metadata of other clouds are at addresses that are link-local, shared (100.100.100.200) or unique
local (fd00::/8), and so are not global."""
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_ISATAP = (0x5EFE, 0x0200_5EFE)
_LOWEST_32_BITS = 0xFFFF_FFFF


class ForbiddenAddressError(OSError):
    """A host has an address that is not public, and only public ones are allowed."""


def is_public(text: str, /) -> bool:
    """Whether an address belongs to the public internet, and to one host of it.

    An IPv6 address that carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is as public as that.
    Addresses at which clouds tell their own machines secrets are not public, wherever they lie.

    Example:
        >>> is_public("8.8.8.8"), is_public("169.254.169.254"), is_public("::ffff:127.0.0.1")
        (True, False, False)
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(
        each.is_global
        and not each.is_multicast
        and not any(each in network for network in _NOT_OF_ONE_HOST)
        for each in _meant(address)
    )


def _meant(address: Address) -> list[Address]:
    """The address, or the IPv4 addresses that packets to it end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if any(address in network for network in _CARRYING):
        return [ipaddress.IPv4Address(int(address) & _LOWEST_32_BITS)]
    if (
        address.is_site_local
        or address in _LOCAL_NAT64
        or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP
    ):
        return [ipaddress.IPv4Address("127.0.0.1")]  # as private as that
    return [address]


def refuse_private(host: str, addresses: list[str], /) -> None:
    """Check every address that a host has.

    Raises:
        ForbiddenAddressError: If one is not public.
    """
    for address in addresses:
        if not is_public(address):
            raise ForbiddenAddressError(
                f"{host} has the address {address}, which is not public; say allow_private=True "
                "if that is meant"
            )
