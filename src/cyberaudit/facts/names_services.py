"""Hosting services where whoever comes first takes a name: an abandoned one can be taken over by anybody.

Only services whose own documentation, or whose public reports, say that a freed name is given to the next customer.
"""

from cyberaudit.frozen import frozen


@frozen
class Service:
    """One service, and how its names end."""

    name: str
    suffixes: tuple[str, ...]
    """Lower case, without leading dot; the customer's label stands just before."""


SERVICES: tuple[Service, ...] = (
    # Microsoft, « Prevent dangling DNS entries and avoid subdomain takeover »
    Service(
        "Microsoft Azure",
        (
            "azurewebsites.net",
            "cloudapp.net",
            "cloudapp.azure.com",
            "trafficmanager.net",
            "azureedge.net",
            "azurefd.net",
            "blob.core.windows.net",
            "azure-api.net",
            "azurecontainer.io",
            "azurehdinsight.net",
            "redis.cache.windows.net",
            "search.windows.net",
            "servicebus.windows.net",
            "database.windows.net",
        ),
    ),
    # Amazon: names of Elastic Beanstalk and of S3 buckets are first come, first served.
    Service("Amazon Web Services", ("elasticbeanstalk.com", "s3.amazonaws.com")),
    Service("GitHub Pages", ("github.io",)),
    Service("Heroku", ("herokuapp.com",)),
    Service("Netlify", ("netlify.app", "netlify.com")),
    Service("Cloudflare Pages", ("pages.dev",)),
    Service("Vercel", ("vercel.app", "now.sh")),
    Service("Wix", ("wixdns.net", "wixsite.com")),
    Service("Shopify", ("myshopify.com",)),
    Service("Read the Docs", ("readthedocs.io",)),
    Service("Surge", ("surge.sh",)),
    Service("Ghost", ("ghost.io",)),
    Service("Webflow", ("webflow.io",)),
    Service("Bitbucket", ("bitbucket.io",)),
    Service("GitLab Pages", ("gitlab.io",)),
    Service("WordPress.com", ("wordpress.com",)),
    Service("Tumblr", ("tumblr.com",)),
    Service("Fly.io", ("fly.dev",)),
    Service("Render", ("onrender.com",)),
    Service("Firebase", ("firebaseapp.com", "web.app")),
    Service("Strikingly", ("s.strikinglydns.com",)),
    Service("Help Scout", ("helpscoutdocs.com",)),
    Service("Agile CRM", ("agilecrm.com",)),
    Service("Pantheon", ("pantheonsite.io",)),
)


def claimable_at(target: str) -> str:
    """The name of the service where anybody may take `target`; empty when it is of none we know."""
    return next(
        (
            service.name
            for service in SERVICES
            if any(target.endswith(f".{suffix}") for suffix in service.suffixes)
        ),
        "",
    )
