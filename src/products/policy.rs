//! Who may look at a product, and who may buy it.

use crate::products::ProductStatus;

/// A private product is there for admins only: for everybody else its page and its checkout are a 404.
pub fn can_see(admin: bool, status: ProductStatus) -> bool {
    admin || status == ProductStatus::Public
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(false, ProductStatus::Public, true)]
    #[case(false, ProductStatus::Private, false)]
    #[case(true, ProductStatus::Public, true)]
    #[case(true, ProductStatus::Private, true)]
    fn who_sees_a_product(#[case] admin: bool, #[case] status: ProductStatus, #[case] sees: bool) {
        assert_eq!(can_see(admin, status), sees);
    }
}
