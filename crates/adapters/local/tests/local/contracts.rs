//! The contract suites, run against the adapters of this crate.

use std::sync::Arc;

use dayline_app::ports::{
    AccessTokens, Limit, LiveEvents, PasswordHasher, RefreshTokens, SecretTexts, SiteNames, TimeZones,
};
use dayline_contract::fakes::FakeClock;
use dayline_contract::suites::{
    limits, live, name_quota, passwords, prove, revocations, site_names, tokens, zones,
};
use dayline_domain::UtcMs;
use dayline_local::{
    Argon2Passwords, Argon2Settings, HmacRefreshTokens, JiffZones, JwtAccessTokens, KeyRing, LimitRates,
    LocalLimits, LocalLive, LocalNameQuota, LocalRevocations, RandomSecrets, SystemRandomness, UrlSiteNames,
};

use crate::NOW;

#[tokio::test]
async fn jwt_access_tokens_keep_the_facts() {
    let fresh = async || {
        Arc::new(JwtAccessTokens::new(&KeyRing::generate(&SystemRandomness, NOW))) as Arc<dyn AccessTokens>
    };
    prove(tokens::ACCESS, fresh).await;
}

#[tokio::test]
async fn hmac_refresh_tokens_keep_the_facts() {
    let fresh = async || {
        let ring = KeyRing::generate(&SystemRandomness, NOW);
        Arc::new(HmacRefreshTokens::new(&ring, Arc::new(SystemRandomness))) as Arc<dyn RefreshTokens>
    };
    prove(tokens::REFRESH, fresh).await;
}

#[tokio::test]
async fn random_secrets_keep_the_facts() {
    let fresh = async || Arc::new(RandomSecrets::new(Arc::new(SystemRandomness))) as Arc<dyn SecretTexts>;
    prove(tokens::SECRETS, fresh).await;
}

#[tokio::test]
async fn jiff_zones_keep_the_facts() {
    prove(zones::FACTS, async || Arc::new(JiffZones::new()) as Arc<dyn TimeZones>).await;
}

#[tokio::test]
async fn url_site_names_keep_the_facts() {
    prove(site_names::FACTS, async || Arc::new(UrlSiteNames) as Arc<dyn SiteNames>).await;
}

#[tokio::test]
async fn argon2_passwords_keep_the_facts() {
    let fresh = async || {
        let passwords = Argon2Passwords::new(Argon2Settings::default(), Arc::new(SystemRandomness));
        Arc::new(passwords.unwrap()) as Arc<dyn PasswordHasher>
    };
    prove(passwords::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn local_limits_keep_the_facts_for_each_limit() {
    for (limit, text) in [
        (Limit::LoginPerAccount, "10+1/h"),
        (Limit::LoginPerKnownDevice, "20+1/h"),
        (Limit::LoginPerAddress, "60+1/h"),
        (Limit::RegisterPerAddress, "30+1/h"),
        (Limit::RefreshPerAddress, "99+1/h"),
        (Limit::DeviceCodePerAddress, "5+1/h"),
        (Limit::ApprovePerUser, "1+1/h"),
        (Limit::PollPerAddress, "7+1/h"),
        (Limit::AccountWritePerUser, "8+1/h"),
        (Limit::WrongKeyPerAddress, "9+1/h"),
    ] {
        let rate = text.parse().unwrap();
        let rates = LimitRates {
            login_per_account: rate,
            login_per_known_device: rate,
            login_per_address: rate,
            register_per_address: rate,
            refresh_per_address: rate,
            device_code_per_address: rate,
            approve_per_user: rate,
            poll_per_address: rate,
            account_write_per_user: rate,
            wrong_key_per_address: rate,
        };
        let fresh = async || limits::Subject {
            limits: Arc::new(LocalLimits::new(&rates)),
            limit,
            burst: rate.burst(),
        };
        prove(limits::FACTS, fresh).await;
    }
}

#[tokio::test]
async fn local_name_quotas_keep_the_facts() {
    for limit in [10, 51, 1_000] {
        let fresh = async || name_quota::Subject { quota: Arc::new(LocalNameQuota::new(limit)), limit };
        prove(name_quota::FACTS, fresh).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_revocations_keep_the_facts() {
    let fresh = async || revocations::Subject {
        here: Arc::new(LocalRevocations::new(Arc::new(FakeClock::default()))),
        elsewhere: None,
        later: UtcMs(i64::MAX),
    };
    prove(revocations::FACTS, fresh).await;
}

#[tokio::test]
async fn local_live_keeps_the_facts() {
    prove(live::FACTS, async || Arc::new(LocalLive::default()) as Arc<dyn LiveEvents>).await;
}
